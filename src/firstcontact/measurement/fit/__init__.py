"""What is learned or declared before linking: the window of each reason, saved and reused until somebody refits."""
