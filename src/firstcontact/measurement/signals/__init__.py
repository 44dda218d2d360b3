"""What was seen on a contact, one signal a file. Conditions of a policy compare signals."""
