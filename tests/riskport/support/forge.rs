//! Keys and signatures without a JWT library, so that a token can be wrong in any way.

use std::sync::LazyLock;

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The digits of base64url.
pub const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// One RSA key for all tests: making one takes long.
static RSA: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec()
});

/// A key pair with its private half at hand.
pub struct ForgeKey {
    pub kid: String,
    /// The algorithm of its signatures.
    pub alg: &'static str,
    secret: Secret,
}

enum Secret {
    Ed25519(Ed25519KeyPair),
    /// The same key twice: once for signatures of fixed length, once for those in DER.
    P256(EcdsaKeyPair, EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl ForgeKey {
    pub fn ed25519(kid: &str) -> Self {
        Self { kid: kid.to_owned(), alg: "EdDSA", secret: Secret::Ed25519(Ed25519KeyPair::generate().unwrap()) }
    }

    pub fn es256(kid: &str) -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let fixed = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
        let asn1 = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.as_ref()).unwrap();
        Self { kid: kid.to_owned(), alg: "ES256", secret: Secret::P256(fixed, asn1) }
    }

    pub fn rs256(kid: &str) -> Self {
        Self { kid: kid.to_owned(), alg: "RS256", secret: Secret::Rsa(RsaKeyPair::from_pkcs8(&RSA).unwrap()) }
    }

    pub fn ps256(kid: &str) -> Self {
        Self { alg: "PS256", ..Self::rs256(kid) }
    }

    /// The public half as a JWK, with its `kid` and `alg`.
    pub fn jwk(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let members = match &self.secret {
            Secret::Ed25519(_) => format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, encode(&self.raw())),
            Secret::P256(..) => {
                let point = self.raw();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                format!(r#""kty":"EC","crv":"P-256","x":"{x}","y":"{y}""#)
            }
            Secret::Rsa(_) => format!(r#""kty":"RSA","e":"AQAB","n":"{}""#, encode(&self.modulus())),
        };
        format!(r#"{{"kid":"{}","alg":"{}",{members}}}"#, self.kid, self.alg)
    }

    /// The bare bytes of the public half: of Ed25519 the 32, of P-256 the point, of RSA the PKCS#1 form.
    pub fn raw(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Secret::P256(pair, _) => pair.public_key().as_ref().to_vec(),
            Secret::Rsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// The public half in DER (`SubjectPublicKeyInfo`).
    pub fn der(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match &self.secret {
            Secret::Ed25519(pair) => pair.public_key().as_der(),
            Secret::P256(pair, _) => pair.public_key().as_der(),
            Secret::Rsa(pair) => pair.public_key().as_der(),
        }
        .unwrap();
        der.as_ref().to_vec()
    }

    /// Signs as the key's algorithm asks.
    pub fn sign(&self, text: &str) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(pair) => pair.sign(text.as_bytes()).as_ref().to_vec(),
            Secret::P256(pair, _) => pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref().to_vec(),
            Secret::Rsa(_) => {
                self.sign_rsa(text, if self.alg == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 })
            }
        }
    }

    /// The signature part of a token, made in one of the ways that the case file knows.
    pub fn signature(&self, text: &str, how: &str) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let hmac =
            |secret: &[u8]| encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), text.as_bytes()).as_ref());
        let good = self.sign(text);
        match how {
            "good" => encode(&good),
            "empty" => String::new(),
            "twice" => format!("{0}.{0}", encode(&good)),
            "zeros" => encode(&vec![0; good.len()]),
            "one-less" => encode(&good[1..]),
            "one-more" => encode(&[good, vec![0]].concat()),
            "der" => match &self.secret {
                Secret::P256(_, pair) => encode(pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap().as_ref()),
                _ => panic!("only P-256 has signatures in DER"),
            },
            "pss" => encode(&self.sign_rsa(text, &RSA_PSS_SHA256)),
            "pkcs1" => encode(&self.sign_rsa(text, &RSA_PKCS1_SHA256)),
            "other-claims" => encode(&self.sign(&format!("{text}A"))),
            "padded" => format!("{}=", encode(&good)),
            "loose-bits" => loose(&encode(&good)),
            "hmac-raw" => hmac(&self.raw()),
            "hmac-der" => hmac(&self.der()),
            "hmac-pem" => hmac(pem::encode(&pem::Pem::new("PUBLIC KEY", self.der())).as_bytes()),
            "hmac-jwk" => hmac(self.jwk().as_bytes()),
            other => panic!("there is no way of signing called {other}"),
        }
    }

    fn sign_rsa(&self, text: &str, encoding: &'static dyn RsaEncoding) -> Vec<u8> {
        let Secret::Rsa(pair) = &self.secret else { panic!("{} is no RSA key", self.kid) };
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(encoding, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        signature
    }

    /// The modulus out of PKCS#1: of 2,048 bits it stands after nine bytes, and the exponent's five follow.
    fn modulus(&self) -> Vec<u8> {
        let pkcs1 = self.raw();
        assert_eq!((pkcs1.len(), pkcs1[8]), (270, 0));
        pkcs1[9..265].to_vec()
    }
}

/// Changes the last digit so that it decodes to the same bytes, where decoding is lax: its lowest bit is not used.
fn loose(encoded: &str) -> String {
    let (rest, last) = encoded.split_at(encoded.len() - 1);
    let at = BASE64URL.iter().position(|digit| [*digit] == *last.as_bytes()).unwrap();
    format!("{rest}{}", char::from(BASE64URL[at ^ 1]))
}
