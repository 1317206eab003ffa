"""Reads what Dify encrypted with a tenant's key pair, as its own code does: RSA-OAEP (SHA-1), and AES-128 in EAX mode for what is longer.

Standard library only: no image of the drills has a library for it, and a key on a command line could be read by others. It decrypts and never encrypts,
where nobody can measure how long it takes.
"""

import base64
import hashlib
import hmac

HYBRID = b"HYBRID:"
NONCE, TAG = 16, 16


class Unreadable(Exception):
    """Why something cannot be decrypted, in words."""


def key_numbers(pem):
    """The whole numbers of a key's PEM: n, e, d, ... of a private one (PKCS #1 or #8), n, e of a public one. @raises Unreadable"""
    lines = [line.strip() for line in pem.strip().splitlines()]
    try:
        if not lines[0].startswith("-----BEGIN ") or "ENCRYPTED" in lines[0]:
            raise ValueError("no PEM, or one with a pass phrase")
        found = _numbers(base64.b64decode("".join(lines[1:-1]), validate=True))
    except (ValueError, IndexError) as error:
        raise Unreadable(f"this is no key: {error}") from None
    # The structures of a private key begin with their versions, which are 0 or 1.
    return [number for number in found if number > 1]


def _numbers(der):
    """Whole numbers of a DER structure in their order, of those that are wrapped in a string of bytes or bits, too."""
    found, at = [], 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size], "big"), at + size
        if at + length > len(der):
            raise ValueError("it ends too early")
        content, at = der[at : at + length], at + length
        if tag == 0x02:
            found.append(int.from_bytes(content, "big"))
        elif tag in (0x30, 0x04):
            found += _numbers(content)
        elif tag == 0x03:
            found += _numbers(content[1:])
    return found


def is_pair(private_pem, public_pem):
    """Whether a public key is the public part of a private one. @raises Unreadable"""
    return key_numbers(private_pem)[:2] == key_numbers(public_pem)[:2]


def decrypted(text, private_pem):
    """What Dify stored as base64. @raises Unreadable"""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Unreadable("it is no base64") from None
    modulus, _, exponent = key_numbers(private_pem)[:3]
    size = (modulus.bit_length() + 7) // 8
    if not data.startswith(HYBRID):
        return _oaep(data, modulus, exponent, size)
    data = data[len(HYBRID) :]
    sealed, nonce, tag, content = data[:size], data[size : size + NONCE], data[size + NONCE : size + NONCE + TAG], data[size + NONCE + TAG :]
    return eax(_oaep(sealed, modulus, exponent, size), nonce, content, tag)


def _oaep(data, modulus, exponent, size):
    """RSA-OAEP with SHA-1 and no label: RFC 8017, 7.1.2."""
    if len(data) != size:
        raise Unreadable(f"it is sealed with a key of another length ({8 * len(data)} bits, not {8 * size})")
    block = pow(int.from_bytes(data, "big"), exponent, modulus).to_bytes(size, "big")
    empty = hashlib.sha1(b"", usedforsecurity=False).digest()
    length = len(empty)
    seed = _xor(block[1 : 1 + length], _mask(block[1 + length :], length))
    message = _xor(block[1 + length :], _mask(seed, size - length - 1))
    start = message.find(b"\x01", length)
    if block[0] != 0 or message[:length] != empty or start < 0 or any(message[length:start]):
        raise Unreadable("it is not sealed with this key")
    return message[start + 1 :]


def _mask(seed, length):
    parts = (hashlib.sha1(seed + i.to_bytes(4, "big"), usedforsecurity=False).digest() for i in range(-(-length // 20)))
    return b"".join(parts)[:length]


def _xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


def eax(key, nonce, content, tag):
    """AES in EAX mode, without a header. @raises Unreadable when it was changed, or the key is another"""
    cipher = Aes(key)
    start = _omac(cipher, 0, nonce)
    expected = _xor(_xor(start, _omac(cipher, 1, b"")), _omac(cipher, 2, content))
    if not hmac.compare_digest(expected, tag):
        raise Unreadable("it was changed after it had been encrypted")
    counter, stream = int.from_bytes(start, "big"), b""
    for i in range(-(-len(content) // 16)):
        stream += cipher.block(((counter + i) % (1 << 128)).to_bytes(16, "big"))
    return _xor(content, stream)


def _omac(cipher, kind, data):
    """CMAC (RFC 4493) of the data behind a block that says which of the three it is."""
    data = kind.to_bytes(16, "big") + data
    subkey = _doubled(cipher.block(bytes(16)))
    rest = len(data) % 16
    if rest:
        data, subkey = data + b"\x80" + bytes(15 - rest), _doubled(subkey)
    last = len(data) - 16
    state = bytes(16)
    for at in range(0, last, 16):
        state = cipher.block(_xor(state, data[at : at + 16]))
    return cipher.block(_xor(_xor(state, data[last:]), subkey))


def _doubled(block):
    number = int.from_bytes(block, "big") << 1
    return ((number ^ 0x87 if number >> 128 else number) % (1 << 128)).to_bytes(16, "big")


def _times_two(byte):
    return ((byte << 1) ^ 0x1B if byte & 0x80 else byte << 1) & 0xFF


def _substitutions():
    """AES' table: the inverse in its field, turned (FIPS 197, 5.1.1)."""
    table, one, inverse = [0] * 256, 1, 1
    while True:
        one ^= _times_two(one)
        inverse ^= inverse << 1
        inverse ^= inverse << 2
        inverse = (inverse ^ inverse << 4) & 0xFF
        inverse ^= 0x09 if inverse & 0x80 else 0
        turned = inverse
        for shift in range(1, 5):
            turned ^= (inverse << shift | inverse >> 8 - shift) & 0xFF
        table[one] = turned ^ 0x63
        if one == 1:
            table[0] = 0x63
            return table


class Aes:
    """Encrypts blocks of 16 bytes (FIPS 197): all that EAX asks for, in both directions."""

    TABLE = _substitutions()

    def __init__(self, key):
        if len(key) not in (16, 24, 32):
            raise Unreadable(f"a key of {len(key)} bytes is none of AES")
        words, count = [list(key[i : i + 4]) for i in range(0, len(key), 4)], len(key) // 4
        constant = 1
        while len(words) < 4 * (count + 7):
            word = list(words[-1])
            if len(words) % count == 0:
                word = [self.TABLE[byte] for byte in word[1:] + word[:1]]
                word[0] ^= constant
                constant = _times_two(constant)
            elif count > 6 and len(words) % count == 4:
                word = [self.TABLE[byte] for byte in word]
            words.append([a ^ b for a, b in zip(words[-count], word)])
        self.keys = [sum(words[i : i + 4], []) for i in range(0, len(words), 4)]

    def block(self, data):
        state = [a ^ b for a, b in zip(data, self.keys[0])]
        for key in self.keys[1:-1]:
            state = [a ^ b for a, b in zip(self._mixed(self._shifted(state)), key)]
        return bytes(a ^ b for a, b in zip(self._shifted(state), self.keys[-1]))

    def _shifted(self, state):
        return [self.TABLE[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]

    @staticmethod
    def _mixed(state):
        mixed = []
        for i in range(0, 16, 4):
            column = state[i : i + 4]
            every = column[0] ^ column[1] ^ column[2] ^ column[3]
            mixed += [byte ^ every ^ _times_two(byte ^ column[(j + 1) % 4]) for j, byte in enumerate(column)]
        return mixed
