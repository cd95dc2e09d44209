// Checks access tokens without asking the provider about each: signature, claims, status list.
// Go 1.19 or later, nothing but the standard library. Of the three algorithms it does ES256, the realm's default.
//
//	go run check.go ISSUER AUDIENCE < tokens
//
// prints "accepted SUBJECT" or "denied REASON" for every line.
package main

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const maxList = 1 << 20 // bytes of an inflated list: eight million sessions

// Claims are those of an access token and of a status list.
type Claims struct {
	Iss    string          `json:"iss"`
	Sub    string          `json:"sub"`
	Aud    json.RawMessage `json:"aud"`
	Exp    int64           `json:"exp"`
	Iat    int64           `json:"iat"`
	TTL    int64           `json:"ttl"`
	Status struct {
		List *struct {
			Idx int    `json:"idx"`
			URI string `json:"uri"`
		} `json:"status_list"`
	} `json:"status"`
	List struct {
		Bits int    `json:"bits"`
		Lst  string `json:"lst"`
	} `json:"status_list"`
}

type list struct {
	bits  []byte
	until time.Time
}

// Checker remembers keys and lists. It may be used by many goroutines.
type Checker struct {
	Issuer, Audience string

	mu     sync.Mutex
	keys   map[string]*ecdsa.PublicKey
	keysAt time.Time
	lists  map[string]list
}

var client = &http.Client{
	Timeout: 5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("redirected")
	},
}

// Check answers the claims of a good token, and an error for every other one.
func (c *Checker) Check(token string) (*Claims, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	claims, err := c.verified(token, "at+jwt")
	if err != nil {
		return nil, err
	}
	if claims.Iss != c.Issuer {
		return nil, errors.New("another issuer")
	}
	if !holds(claims.Aud, c.Audience) {
		return nil, errors.New("another audience")
	}
	place := claims.Status.List
	// Signed by the issuer, yet a token must not send us anywhere else.
	if place == nil || place.Idx < 0 || !strings.HasPrefix(place.URI, c.Issuer+"/") {
		return nil, errors.New("names no status list")
	}
	bits, err := c.bits(place.URI)
	if err != nil {
		return nil, err // No list, no answer.
	}
	if place.Idx >= len(bits)*8 {
		return nil, errors.New("beyond the status list")
	}
	if bits[place.Idx/8]>>(place.Idx%8)&1 == 1 {
		return nil, errors.New("its session is over")
	}
	return claims, nil
}

func (c *Checker) bits(uri string) ([]byte, error) {
	if known, ok := c.lists[uri]; ok && time.Now().Before(known.until) {
		return known.bits, nil
	}
	body, err := get(uri, "application/statuslist+jwt")
	if err != nil {
		return nil, err
	}
	claims, err := c.verified(string(body), "statuslist+jwt")
	if err != nil {
		return nil, err
	}
	if claims.Sub != uri {
		return nil, errors.New("another status list")
	}
	if claims.List.Bits != 1 {
		return nil, errors.New("a status list of another kind")
	}
	compressed, err := base64.RawURLEncoding.DecodeString(claims.List.Lst)
	if err != nil {
		return nil, err
	}
	reader, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	bits, err := io.ReadAll(io.LimitReader(reader, maxList))
	if err != nil {
		return nil, err
	}
	// Counted from iat: whatever kept it on the way does not add to the lag.
	c.lists[uri] = list{bits, time.Unix(claims.Iat+claims.TTL, 0)}
	return bits, nil
}

func (c *Checker) verified(token, typ string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("not a JWT")
	}
	var header struct {
		Alg, Kid, Typ string
		Crit          []string
	}
	if err := decode(parts[0], &header); err != nil {
		return nil, err
	}
	if header.Typ != typ || header.Crit != nil {
		return nil, errors.New("another kind of token")
	}
	if header.Alg != "ES256" {
		return nil, errors.New("another algorithm")
	}
	key, err := c.key(header.Kid)
	if err != nil {
		return nil, err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(signature) != 64 {
		return nil, errors.New("a bad signature")
	}
	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	if !ecdsa.Verify(key, hash[:], r, s) {
		return nil, errors.New("a bad signature")
	}
	var claims Claims
	if err := decode(parts[1], &claims); err != nil {
		return nil, err
	}
	if time.Now().Unix() >= claims.Exp {
		return nil, errors.New("expired")
	}
	return &claims, nil
}

func (c *Checker) key(kid string) (*ecdsa.PublicKey, error) {
	// A key that is not known yet is looked for, but not more often than every ten seconds.
	if c.keys[kid] == nil && time.Since(c.keysAt) > 10*time.Second {
		c.keysAt = time.Now()
		var discovery struct {
			JWKS string `json:"jwks_uri"`
		}
		if err := getJSON(c.Issuer+"/.well-known/openid-configuration", &discovery); err != nil {
			return nil, err
		}
		var set struct{ Keys []struct{ Kid, Alg, X, Y string } }
		if err := getJSON(discovery.JWKS, &set); err != nil {
			return nil, err
		}
		c.keys = map[string]*ecdsa.PublicKey{}
		for _, jwk := range set.Keys {
			x, errX := base64.RawURLEncoding.DecodeString(jwk.X)
			y, errY := base64.RawURLEncoding.DecodeString(jwk.Y)
			key := &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
			if jwk.Alg == "ES256" && errX == nil && errY == nil && key.Curve.IsOnCurve(key.X, key.Y) {
				c.keys[jwk.Kid] = key
			}
		}
	}
	if key := c.keys[kid]; key != nil {
		return key, nil
	}
	return nil, errors.New("an unknown key")
}

// holds tells whether aud, one text or a list of them, holds an audience.
func holds(aud json.RawMessage, wanted string) bool {
	var one string
	var many []string
	if json.Unmarshal(aud, &one) == nil {
		many = []string{one}
	} else if json.Unmarshal(aud, &many) != nil {
		return false
	}
	for _, found := range many {
		if found == wanted {
			return true
		}
	}
	return false
}

func decode(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func getJSON(url string, into any) error {
	body, err := get(url, "application/json")
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func get(url, accept string) ([]byte, error) {
	request, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != 200 {
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	return io.ReadAll(io.LimitReader(response.Body, maxList))
}

func main() {
	checker := &Checker{Issuer: os.Args[1], Audience: os.Args[2], lists: map[string]list{}}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64*1024)
	for lines.Scan() {
		if claims, err := checker.Check(lines.Text()); err != nil {
			fmt.Println("denied", err)
		} else {
			fmt.Println("accepted", claims.Sub)
		}
	}
}
