"""What all pages share: the person's session, text made safe, icons, times."""
