"""Images that documents name by their digest: made from uploads, kept, shown."""
