"""Readers of what kith export writes, made from the descriptions of the formats alone: word2vec, TFRecord and tensorflow.Event."""
import struct
import numpy as np


def word2vec_text(path):
    """{word: row} of a text file, as gensim's KeyedVectors.load_word2vec_format reads it."""
    with open(path, encoding="utf-8") as f:
        n, d = map(int, f.readline().split())
        rows = {}
        for line in f:
            word, *numbers = line.rstrip().split(" ")
            assert len(numbers) == d and word not in rows, line
            rows[word] = np.array(numbers, np.float32)
    assert len(rows) == n
    return rows


def word2vec_binary(path):
    """The same of a binary file: a word, a space, and the bytes of float32."""
    with open(path, "rb") as f: data = f.read()
    at = data.index(b"\n") + 1
    n, d = map(int, data[:at].split())
    rows = {}
    for _ in range(n):
        end = data.index(b" ", at)
        word = data[at:end].lstrip(b"\n").decode()
        assert word not in rows
        rows[word] = np.frombuffer(data, "<f4", d, end + 1)
        at = end + 1 + 4 * d
    assert at == len(data)
    return rows


def crc32c(data):
    """Castagnoli's CRC by its definition: the remainder of the bits, each byte's lowest bit first."""
    crc = 0xffffffff
    for byte in data:
        for bit in range(8):
            low = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (0x82f63b78 if low else 0)
    return crc ^ 0xffffffff


assert crc32c(b"123456789") == 0xe3069283 and crc32c(bytes(32)) == 0x8a9136aa  # RFC 3720, B.4


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xa282ead8) & 0xffffffff


def records(path):
    """The records of a TFRecord file, whose checksums are verified."""
    with open(path, "rb") as f: data = f.read()
    at = 0
    while at < len(data):
        head = data[at:at + 8]
        n, = struct.unpack("<Q", head)
        body = data[at + 12:at + 12 + n]
        assert len(body) == n and struct.unpack("<I", data[at + 8:at + 12])[0] == masked(head)
        assert struct.unpack("<I", data[at + 12 + n:at + 16 + n])[0] == masked(body)
        yield body
        at += 16 + n
    assert at == len(data)


def fields(data):
    """(number, value) of each field of a protocol buffer."""
    at = 0

    def varint():
        nonlocal at
        x = shift = 0
        while True:
            byte = data[at]
            at += 1
            x |= (byte & 127) << shift
            shift += 7
            if byte < 128: return x
    while at < len(data):
        key = varint()
        if key & 7 == 0: value = varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            value, at = data[at:at + size], at + size
            assert len(value) == size
        yield key >> 3, value


def scalars(path):
    """(tag, step, value, wall time) of an event file, its version, and its texts."""
    version, out, texts = None, [], {}
    for record in records(path):
        event = dict(fields(record))
        wall = struct.unpack("<d", event[1])[0]
        if 3 in event: version = event[3].decode()
        for number, value in fields(event.get(5, b"")):
            assert number == 1
            value = dict(fields(value))
            if 8 in value:  # a tensor of one string, of the plugin "text"
                tensor = dict(fields(value[8]))
                assert tensor[1] == 7 and dict(fields(dict(fields(value[9]))[1]))[1] == b"text"
                texts[value[1].decode()] = tensor[8].decode()
            else: out.append((value[1].decode(), event[2], struct.unpack("<f", value[2])[0], wall))
    return version, out, texts
