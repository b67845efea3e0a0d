"""Files that another system leaves on an SFTP server: read with the host's key pinned, never changed."""
