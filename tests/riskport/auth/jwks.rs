//! Which public keys are taken: the rules of registration, and that a refusal names the field and not the value.

use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;
use riskport::rpc::proto::tenant::{AddKeyRequest, KeyAlgorithm, Scope};
use tonic::Code;
use tonic_types::StatusExt;

use crate::support::{
    World,
    by_path::ByPath,
    forge::ForgeKey,
    platform::{Platform, token},
};

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A JWK with one text exchanged for another.
fn changed(jwk: &str, from: &str, to: &str) -> String {
    assert!(jwk.contains(from), "{jwk}");
    jwk.replace(from, to)
}

fn refused_jwks() -> Vec<(&'static str, String)> {
    let (ed, ec, rsa) = (ForgeKey::ed25519("a").jwk(), ForgeKey::es256("a").jwk(), ForgeKey::rs256("a").jwk());
    let also = |jwk: &str, member: &str| changed(jwk, "{", &format!("{{{member},"));
    let okp = |x: &[u8]| format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, encode(x));
    let modulus = |bytes: usize| {
        let mut n = vec![0xab; bytes];
        n[bytes - 1] = 1;
        format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, encode(&n))
    };
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let (x, y) = p384.public_key().as_ref()[1..].split_at(48);
    let point = |crv: &str| format!(r#"{{"kty":"EC","crv":"{crv}","x":"{}","y":"{}"}}"#, encode(x), encode(y));
    let mut off_curve = ForgeKey::es256("a").raw();
    off_curve[64] ^= 1;
    let off_curve = format!(
        r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
        encode(&off_curve[1..33]),
        encode(&off_curve[33..])
    );
    vec![
        ("empty", String::new()),
        ("no JSON", "key".to_owned()),
        ("a set of keys", format!(r#"{{"keys":[{ed}]}}"#)),
        ("an array", format!("[{ed}]")),
        ("a PEM", "-----BEGIN PUBLIC KEY-----".to_owned()),
        ("too long", also(&ed, &format!(r#""pad":"{}""#, "x".repeat(8_192)))),
        ("a private Ed25519 key", also(&ed, r#""d":"AAAA""#)),
        ("a private P-256 key", also(&ec, r#""d":"AAAA""#)),
        ("a private RSA key", also(&rsa, r#""p":"AAAA","q":"AAAA""#)),
        ("an empty private part", also(&ed, r#""d":null"#)),
        ("a shared secret", r#"{"kty":"oct","k":"c2VjcmV0"}"#.to_owned()),
        ("X25519", changed(&ed, "Ed25519", "X25519")),
        ("a short x", okp(&[7; 31])),
        ("Ed25519 with all zeros", okp(&[0; 32])),
        ("the neutral point of Ed25519", okp(&[&[1_u8][..], &[0; 31]].concat())),
        ("minus one on Ed25519", okp(&[&[0xec][..], &[0xff; 30], &[0x7f]].concat())),
        ("p for zero on Ed25519, with a sign", okp(&[&[0xed][..], &[0xff; 31]].concat())),
        (
            "a point of order eight",
            okp(&URL_SAFE_NO_PAD.decode("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU").unwrap()),
        ),
        ("P-384", point("P-384")),
        ("P-384 that says it is P-256", point("P-256")),
        ("no point of P-256", off_curve),
        ("P-256 at zero", format!(r#"{{"kty":"EC","crv":"P-256","x":"{0}","y":"{0}"}}"#, encode(&[0; 32]))),
        ("secp256k1", changed(&ec, "P-256", "secp256k1")),
        ("RSA of 1,024 bits", modulus(128)),
        ("RSA of 2,047 bits", {
            let mut n = vec![0xab; 256];
            (n[0], n[255]) = (0x7f, 1);
            format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, encode(&n))
        }),
        ("RSA of 1,024 bits behind zeros", {
            let n = [vec![0; 128], vec![0xab; 128]].concat();
            format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, encode(&n))
        }),
        ("RSA of 16,384 bits", modulus(2_048)),
        ("RSA with an exponent of 3", changed(&rsa, "AQAB", "Aw")),
        ("RSA with an exponent of 1", changed(&rsa, "AQAB", "AQ")),
        ("an even RSA modulus", format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, encode(&[0xaa; 256]))),
        ("HS256", changed(&rsa, "RS256", "HS256")),
        ("alg none", changed(&ed, "EdDSA", "none")),
        ("an alg of another kind of key", changed(&ed, "EdDSA", "ES256")),
        ("an empty kid", changed(&ed, r#""kid":"a""#, r#""kid":"""#)),
        ("a path as kid", changed(&ed, r#""kid":"a""#, r#""kid":"../a""#)),
        ("NUL in the kid", changed(&ed, r#""kid":"a""#, r#""kid":"a\u0000""#)),
        ("a long kid", changed(&ed, r#""kid":"a""#, &format!(r#""kid":"{}""#, "a".repeat(129)))),
        ("a number as kid", changed(&ed, r#""kid":"a""#, r#""kid":7"#)),
    ]
}

#[tokio::test]
async fn keys_that_are_weak_private_or_wrong_are_refused_by_name() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    let token = token(&platform.onboard("north-bank").await, None);
    for (what, jwk) in refused_jwks() {
        let answer = wire.call_as(&token, "/riskport.tenant.v1.TenantService/AddKey", request(&jwk)).await;
        assert!(answer.is(Code::InvalidArgument, "INVALID_FIELDS"), "{what}: {answer:?}");
        let status = answer.status();
        let violations = status.get_error_details().bad_request().unwrap().field_violations.clone();
        assert_eq!(violations.len(), 1, "{what}: {violations:?}");
        assert_eq!(violations[0].field, "jwk", "{what}");
        let long = jwk.split('"').filter(|text| text.len() > 20);
        for value in long {
            assert!(!format!("{violations:?}").contains(value), "{what}: a value came back");
        }
    }
    platform.stop().await;
}

#[test]
fn a_weak_key_would_let_anybody_sign() {
    let neutral = [&[1_u8][..], &[0; 31]].concat();
    let signature = [neutral.as_slice(), &[0; 32]].concat();
    let key = UnparsedPublicKey::new(&ED25519, neutral);
    for text in [&b"one text"[..], b"another"] {
        // Should this ever fail, then the library refuses such keys too, and registration need not look for them.
        assert!(key.verify(text, &signature).is_ok());
    }
}

#[tokio::test]
async fn keys_that_are_strong_enough_are_taken() {
    let world = World::sqlite();
    let platform = Platform::start(&world).await;
    let wire = ByPath::connect(platform.address).await;
    let token = token(&platform.onboard("north-bank").await, None);
    let (ed, rsa) = (ForgeKey::ed25519("ed").jwk(), ForgeKey::rs256("rs").jwk());
    for (what, jwk) in [
        ("P-256", ForgeKey::es256("ec").jwk()),
        ("RSA of 2,048 bits", rsa.clone()),
        ("RSA for PS256", ForgeKey::ps256("ps").jwk()),
        ("the other name of EdDSA", changed(&changed(&ed, "EdDSA", "Ed25519"), r#""ed""#, r#""ed-2""#)),
        ("no kid", changed(&ed, r#""kid":"ed","#, "")),
        ("no alg", changed(&changed(&rsa, r#""alg":"RS256","#, ""), r#""rs""#, r#""rs-2""#)),
        ("members that nobody reads", changed(&ed, "{", r#"{"use":"sig","x5t":"abc","#)),
    ] {
        let answer = wire.call_as(&token, "/riskport.tenant.v1.TenantService/AddKey", request(&jwk)).await;
        assert_eq!(answer.code, Code::Ok, "{what}: {answer:?}");
    }
    platform.stop().await;
}

fn request(jwk: &str) -> Vec<u8> {
    let request = AddKeyRequest {
        parent: "tenants/north-bank".to_owned(),
        jwk: jwk.to_owned(),
        algorithm: KeyAlgorithm::Unspecified as i32,
        scopes: vec![Scope::CreditScore as i32],
        display_name: String::new(),
    };
    request.encode_to_vec()
}
