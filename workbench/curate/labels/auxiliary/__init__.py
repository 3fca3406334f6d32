"""Label repairs by auxiliary models. One file each."""
