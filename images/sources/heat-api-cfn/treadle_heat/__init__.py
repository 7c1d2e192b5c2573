"""What Heat's API in the form of CloudFormation needs beside Debian's package."""
