"""What the library that Dify uses has encrypted must be read by scripts/drills/dify_keys.py. Prints a line a case; the first that is wrong ends it."""

import base64
import os
import random

from Cryptodome.Cipher import AES, PKCS1_OAEP
from Cryptodome.PublicKey import RSA

from dify_keys import Aes, Unreadable, decrypted, eax, is_pair


def as_dify_does(text, public_key):
    """libs/rsa.py of Dify: `encrypt`."""
    key = os.urandom(16)
    cipher = AES.new(key, AES.MODE_EAX)
    content, tag = cipher.encrypt_and_digest(text)
    sealed = PKCS1_OAEP.new(public_key).encrypt(key)
    return base64.b64encode(b"HYBRID:" + sealed + cipher.nonce + tag + content).decode()


def refused(work):
    try:
        work()
    except Unreadable as error:
        return str(error)
    raise AssertionError("it was not refused")


random.seed(1)
pair, other = RSA.generate(2048), RSA.generate(2048)
private, public = pair.export_key().decode(), pair.publickey().export_key().decode()
for length in (16, 24, 32):
    for _ in range(50):
        key, block = random.randbytes(length), random.randbytes(16)
        assert Aes(key).block(block) == AES.new(key, AES.MODE_ECB).encrypt(block)
print("blocks")
for length in [*range(0, 70), 1000]:
    key, text = random.randbytes(16), random.randbytes(length)
    cipher = AES.new(key, AES.MODE_EAX)
    content, tag = cipher.encrypt_and_digest(text)
    assert eax(key, cipher.nonce, content, tag) == text, length
print("eax")
for text in (b"", b"sk-1234567890", os.urandom(4096)):
    sealed = as_dify_does(text, pair.publickey())
    assert decrypted(sealed, private) == text
    assert decrypted(sealed, pair.export_key(pkcs=8).decode()) == text
assert decrypted(base64.b64encode(PKCS1_OAEP.new(pair.publickey()).encrypt(b"short")).decode(), private) == b"short"
print("credentials")
sealed = as_dify_does(b"a secret", pair.publickey())
assert "not sealed with this key" in refused(lambda: decrypted(sealed, other.export_key().decode()))
changed = bytearray(base64.b64decode(sealed))
changed[-1] ^= 1
assert "was changed" in refused(lambda: decrypted(base64.b64encode(bytes(changed)).decode(), private))
assert "no base64" in refused(lambda: decrypted("plain text!", private))
assert "no key" in refused(lambda: decrypted(sealed, "nothing"))
assert "another length" in refused(lambda: decrypted("c2hvcnQ=", private))
print("refusals")
assert is_pair(private, public) and not is_pair(other.export_key().decode(), public)
print("pairs")
