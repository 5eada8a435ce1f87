"""Make real containers/storage stores on XFS with the real engines, damage copies of them, and capture them."""
