"""What the pages share: the frame, the picture, the state of a session."""
