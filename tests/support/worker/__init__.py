"""What a real Celery worker of a test runs on: sample messages and a channel that waits."""
