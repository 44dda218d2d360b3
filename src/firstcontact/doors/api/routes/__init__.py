"""The interface's resources, one file each. `doors.api.app` lists them."""
