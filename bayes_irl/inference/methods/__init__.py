"""Methods: how draws are made from a posterior; one file each."""
