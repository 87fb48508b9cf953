"""A person's own gradients: read, aligned with the nodes, judged, explained; and how sure a match is."""
