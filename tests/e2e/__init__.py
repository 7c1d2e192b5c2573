"""A whole cloud, deployed, changed and deleted for real; each test is named by the promise that it keeps."""
