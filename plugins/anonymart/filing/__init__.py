"""What a school hands to authorities, made from published figures and from nothing else."""
