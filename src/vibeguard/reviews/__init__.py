"""Which approvals count, and why the others do not."""
