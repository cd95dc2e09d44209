// Checks access tokens without asking the provider about each: signature, claims, status list.
// Java 17 or later, nothing but the standard library. Of the three algorithms it does ES256, the realm's default.
//
//     java Check.java ISSUER AUDIENCE < tokens
//
// prints "accepted SUBJECT" or "denied REASON" for every line.

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.InflaterInputStream;

public class Check {
    static final int MAX_LIST = 1 << 20; // bytes of an inflated list: eight million sessions

    record StatusList(byte[] bits, long until) {}

    final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    final String issuer;
    final String audience;
    Map<String, PublicKey> keys = Map.of();
    long keysAt = Long.MIN_VALUE / 2;
    final Map<String, StatusList> lists = new HashMap<>();

    Check(String issuer, String audience) {
        this.issuer = issuer;
        this.audience = audience;
    }

    /** The claims of a good token; throws for every other one. */
    synchronized Map<String, Object> check(String token) throws Exception {
        Map<String, Object> claims = verified(token, "at+jwt");
        if (!issuer.equals(claims.get("iss"))) throw new Exception("another issuer");
        Object aud = claims.get("aud");
        if (!audience.equals(aud) && !(aud instanceof List<?> many && many.contains(audience)))
            throw new Exception("another audience");
        if (!(claims.get("status") instanceof Map<?, ?> status)
                || !(status.get("status_list") instanceof Map<?, ?> place)
                || !(place.get("idx") instanceof Long idx)
                || !(place.get("uri") instanceof String uri)
                // Signed by the issuer, yet a token must not send us anywhere else.
                || idx < 0 || !uri.startsWith(issuer + "/"))
            throw new Exception("names no status list");
        byte[] bits = bits(uri);
        if (idx >= bits.length * 8L) throw new Exception("beyond the status list");
        if ((bits[(int) (idx / 8)] >> (idx % 8) & 1) == 1) throw new Exception("its session is over");
        return claims;
    }

    byte[] bits(String uri) throws Exception {
        StatusList known = lists.get(uri);
        if (known != null && now() < known.until) return known.bits;
        // No list, no answer: what is thrown here denies the token.
        Map<String, Object> claims = verified(get(uri, "application/statuslist+jwt"), "statuslist+jwt");
        if (!uri.equals(claims.get("sub"))) throw new Exception("another status list");
        Map<?, ?> list = (Map<?, ?>) claims.get("status_list");
        if (!Long.valueOf(1).equals(list.get("bits"))) throw new Exception("a status list of another kind");
        byte[] compressed = Base64.getUrlDecoder().decode((String) list.get("lst"));
        byte[] bits = new InflaterInputStream(new ByteArrayInputStream(compressed)).readNBytes(MAX_LIST);
        // Counted from iat: whatever kept it on the way does not add to the lag.
        lists.put(uri, new StatusList(bits, (Long) claims.get("iat") + (Long) claims.get("ttl")));
        return bits;
    }

    Map<String, Object> verified(String token, String typ) throws Exception {
        String[] parts = token.split("\\.", -1);
        if (parts.length != 3) throw new Exception("not a JWT");
        Map<String, Object> header = object(decode(parts[0]));
        if (!typ.equals(header.get("typ")) || header.containsKey("crit"))
            throw new Exception("another kind of token");
        if (!"ES256".equals(header.get("alg"))) throw new Exception("another algorithm");
        Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
        signature.initVerify(key((String) header.get("kid")));
        signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
        if (!signature.verify(Base64.getUrlDecoder().decode(parts[2]))) throw new Exception("a bad signature");
        Map<String, Object> claims = object(decode(parts[1]));
        if (now() >= (Long) claims.get("exp")) throw new Exception("expired");
        return claims;
    }

    PublicKey key(String kid) throws Exception {
        // A key that is not known yet is looked for, but not more often than every ten seconds.
        if (!keys.containsKey(kid) && now() - keysAt > 10) {
            keysAt = now();
            Map<String, Object> discovery = object(get(issuer + "/.well-known/openid-configuration", "application/json"));
            Map<String, Object> set = object(get((String) discovery.get("jwks_uri"), "application/json"));
            AlgorithmParameters p256 = AlgorithmParameters.getInstance("EC");
            p256.init(new ECGenParameterSpec("secp256r1"));
            Map<String, PublicKey> found = new HashMap<>();
            for (Object one : (List<?>) set.get("keys")) {
                Map<?, ?> jwk = (Map<?, ?>) one;
                if (!"ES256".equals(jwk.get("alg"))) continue;
                ECPoint point = new ECPoint(number(jwk.get("x")), number(jwk.get("y")));
                ECPublicKeySpec spec = new ECPublicKeySpec(point, p256.getParameterSpec(ECParameterSpec.class));
                found.put((String) jwk.get("kid"), KeyFactory.getInstance("EC").generatePublic(spec));
            }
            keys = found;
        }
        PublicKey key = keys.get(kid);
        if (key == null) throw new Exception("an unknown key");
        return key;
    }

    String get(String url, String accept) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .header("Accept", accept).timeout(Duration.ofSeconds(5)).build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() != 200) throw new Exception(url + " answered " + response.statusCode());
        return response.body();
    }

    static long now() {
        return Instant.now().getEpochSecond();
    }

    static String decode(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }

    static BigInteger number(Object part) {
        return new BigInteger(1, Base64.getUrlDecoder().decode((String) part));
    }

    // As much of JSON as tokens need. In an application, take the library that you have.

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(String text) throws Exception {
        return (Map<String, Object>) new Json(text).value();
    }

    static final class Json {
        final String text;
        int at = 0;

        Json(String text) {
            this.text = text;
        }

        char next() throws Exception {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
            if (at == text.length()) throw new Exception("not JSON");
            return text.charAt(at);
        }

        boolean take(char wanted) throws Exception {
            if (next() != wanted) return false;
            at++;
            return true;
        }

        Object value() throws Exception {
            if (take('{')) {
                Map<String, Object> map = new HashMap<>();
                while (!take('}')) {
                    String name = (String) value();
                    if (!take(':')) throw new Exception("not JSON");
                    if (map.put(name, value()) != null) throw new Exception("a name twice");
                    take(',');
                }
                return map;
            }
            if (take('[')) {
                List<Object> list = new ArrayList<>();
                while (!take(']')) {
                    list.add(value());
                    take(',');
                }
                return list;
            }
            if (take('"')) {
                StringBuilder out = new StringBuilder();
                for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
                    if (c == '\\') {
                        c = text.charAt(at++);
                        int known = "bfnrt".indexOf(c);
                        if (known >= 0) c = "\b\f\n\r\t".charAt(known);
                        if (c == 'u') {
                            c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
                            at += 4;
                        }
                    }
                    out.append(c);
                }
                return out.toString();
            }
            next();
            int from = at;
            while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
            if (at > from) {
                String number = text.substring(from, at);
                return number.matches("-?[0-9]{1,18}") ? (Object) Long.valueOf(number) : Double.valueOf(number);
            }
            for (String word : List.of("true", "false", "null")) {
                if (text.startsWith(word, at)) {
                    at += word.length();
                    return word.equals("null") ? null : (Object) Boolean.valueOf(word);
                }
            }
            throw new Exception("not JSON");
        }
    }

    public static void main(String[] args) throws Exception {
        Check checker = new Check(args[0], args[1]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String token = lines.readLine(); token != null; token = lines.readLine()) {
            try {
                System.out.println("accepted " + checker.check(token).get("sub"));
            } catch (Exception error) { // whatever went wrong: nothing was proved
                System.out.println("denied " + error.getMessage());
            }
        }
    }
}
