"""What an answer is made of and held to: the prompt, its marks, sentences and their support."""
