"""Language: tokens, embeddings, redaction."""
