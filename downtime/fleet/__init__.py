"""The machines of a site: which there are, what each may do, and how snapshots reach them."""
