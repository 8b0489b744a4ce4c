"""The words by which the report tells rules of the policy apart (S-ANON)."""

FORBIDDEN = "Forbidden: "
# One rule serves two entries of the policy: which kinds each is about.
OF_KIND = {
    "D-SPECIAL": "; here a French social security number",
    "D-IDENT": "; here every other kind",
}
