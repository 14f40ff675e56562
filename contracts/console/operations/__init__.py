"""Pages about the deployment at work: the outbox, provisioning, tasks, channels, migrations."""
