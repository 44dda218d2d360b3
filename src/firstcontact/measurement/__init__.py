"""What is true: from contacts to estimates and refusals."""
