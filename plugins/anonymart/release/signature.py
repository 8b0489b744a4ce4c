"""Signatures of a release: Ed25519 (RFC 8032) over the bytes of `manifest.json`, which holds the checksum of
every other file (S-SAFE).

A recall is written later than the manifest, so `WITHDRAWN.json` has a signature of its own. The private key
is made from the key `signing` and stands nowhere; the public one is for everybody who receives releases.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from anonymart.errors import UsageError
from anonymart.keys import Keys
from anonymart.release.folder import write_durably

# Receipts and the audit log are hashed with the key itself: what signs is another key, made from it.
_PURPOSE = b"anonymart release signature, Ed25519"
_HEAD = "anonymart signature 1"
# Strict to the byte: one changed anywhere in the file is a changed file.
_SIGNATURE = re.compile(rf"{_HEAD}\ned25519 ([0-9a-f]{{64}})\n([0-9a-f]{{128}})\n")


def public_key(keys: Keys) -> Ed25519PublicKey:
    """The key with which anybody can check what this home has signed."""
    return _private_key(keys).public_key()


def as_pem(key: Ed25519PublicKey) -> str:
    """The public key as PEM (SubjectPublicKeyInfo), the form that is handed to recipients."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def fingerprint(key: Ed25519PublicKey) -> str:
    """`SHA256:` and the SHA-256 of the key as DER, in 64 hexadecimal digits: short enough to be read out."""
    return (
        "SHA256:"
        + hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    )


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The public key of a PEM file. Raises UsageError when there is none, or one of another kind."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"The public key {path} cannot be read ({error.strerror}): give the file that the school "
            f"handed out."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{path} holds no Ed25519 public key in PEM: give the file that `anonymart keys public` has "
            f"written."
        )
    return key


def sign(path: Path, signature: Path, keys: Keys) -> None:
    """Write the signature of a file's bytes; the same bytes and key give the same signature."""
    write_durably(signature, signature_text(path.read_bytes(), keys))


def signature_text(content: bytes, keys: Keys) -> str:
    """What the signature file of this content says."""
    private = _private_key(keys)
    return f"{_HEAD}\ned25519 {raw(private.public_key())}\n{private.sign(content).hex()}\n"


def sign_bytes(content: bytes, keys: Keys) -> str:
    """The signature of these bytes, as 128 hexadecimal digits."""
    return _private_key(keys).sign(content).hex()


def signed_by(path: Path, signature: Path) -> Ed25519PublicKey | None:
    """The key that has signed a file's bytes, as its signature file names it; None when the signature does
    not hold.
    """
    try:
        found = _SIGNATURE.fullmatch(signature.read_bytes().decode("ascii"))
        if found is None:
            return None
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(found[1]))
        key.verify(bytes.fromhex(found[2]), path.read_bytes())
    except (OSError, ValueError, InvalidSignature):
        return None
    return key


def is_signature(signature: Path) -> bool:
    """Whether a file has the form of a signature, whatever it signs."""
    return _SIGNATURE.fullmatch(signature.read_bytes().decode("ascii", errors="replace")) is not None


def _private_key(keys: Keys) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(bytes.fromhex(keys.signing), _PURPOSE, "sha256"))


def raw(key: Ed25519PublicKey) -> str:
    """The public key itself, as 64 hexadecimal digits."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
