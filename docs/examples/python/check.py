"""Checks access tokens without asking the provider about each: signature, claims, status list.

Python 3.9 or later with PyJWT 2 and cryptography (Debian: python3-jwt, python3-cryptography).

    python3 check.py ISSUER AUDIENCE < tokens

prints "accepted SUBJECT" or "denied REASON" for every line.
"""

import base64
import json
import sys
import time
import urllib.request
import zlib

import jwt

ALGORITHMS = ["ES256", "RS256", "EdDSA"]
MAX_LIST = 1 << 20  # bytes of an inflated list: eight million sessions


class Denied(Exception):
    pass


class Checker:
    def __init__(self, issuer, audience):
        self.issuer, self.audience = issuer, audience
        self.keys, self.keys_at = {}, float("-inf")
        self.lists = {}

    def check(self, token):
        """The claims of a good token; raises for every other one."""
        claims = self.verified(token, "at+jwt", issuer=self.issuer, audience=self.audience)
        place = claims.get("status", {}).get("status_list", {})
        idx, uri = place.get("idx"), place.get("uri")
        # Signed by the issuer, yet a token must not send us anywhere else.
        if not isinstance(idx, int) or idx < 0 or not str(uri).startswith(f"{self.issuer}/"):
            raise Denied("names no status list")
        bits = self.bits(uri)
        if idx >= len(bits) * 8:
            raise Denied("beyond the status list")
        if bits[idx >> 3] >> (idx & 7) & 1:
            raise Denied("its session is over")
        return claims

    def bits(self, uri):
        bits, until = self.lists.get(uri, (None, 0))
        if time.time() < until:
            return bits
        # No list, no answer: what is raised here denies the token.
        claims = self.verified(get(uri, "application/statuslist+jwt").decode(), "statuslist+jwt")
        if claims["sub"] != uri:
            raise Denied("another status list")
        if claims["status_list"]["bits"] != 1:
            raise Denied("a status list of another kind")
        lst = claims["status_list"]["lst"]
        compressed = base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4))
        bits = zlib.decompressobj().decompress(compressed, MAX_LIST)
        # Counted from iat: whatever kept it on the way does not add to the lag.
        self.lists[uri] = bits, claims["iat"] + claims["ttl"]
        return bits

    def verified(self, token, typ, **expected):
        header = jwt.get_unverified_header(token)
        if header.get("typ") != typ or "crit" in header:
            raise Denied("another kind of token")
        key = self.key(header.get("kid"))
        options = {"require": ["exp", "iat", "sub"], "verify_aud": "audience" in expected}
        # The key knows its algorithm; what the header says must agree.
        return jwt.decode(token, key.key, algorithms=[key.alg], options=options, **expected)

    def key(self, kid):
        # A key that is not known yet is looked for, but not more often than every ten seconds.
        if kid not in self.keys and time.time() - self.keys_at > 10:
            self.keys_at = time.time()
            discovery = json.loads(get(f"{self.issuer}/.well-known/openid-configuration"))
            keys = json.loads(get(discovery["jwks_uri"]))["keys"]
            self.keys = {key["kid"]: Key(key) for key in keys if key.get("alg") in ALGORITHMS}
        if kid not in self.keys:
            raise Denied("an unknown key")
        return self.keys[kid]


class Key:
    def __init__(self, jwk):
        self.alg, self.key = jwk["alg"], jwt.PyJWK(jwk).key


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def get(url, accept="application/json"):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.build_opener(NoRedirect).open(request, timeout=5) as response:
        return response.read()


if __name__ == "__main__":
    checker = Checker(*sys.argv[1:3])
    for line in sys.stdin:
        try:
            print("accepted", checker.check(line.strip())["sub"], flush=True)
        except Exception as error:  # whatever went wrong: nothing was proved
            print("denied", error or type(error).__name__, flush=True)
