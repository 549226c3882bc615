//! X.509 as Fulcio writes it: root, intermediate, and short-lived certificates with an embedded timestamp of a
//! certificate transparency log.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use x509_cert::certificate::{CertificateInner, TbsCertificateInner, Version};
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, OctetString, UtcTime, Utf8StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, ObjectIdentifier, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::claims::Claims;
use super::ct::CtLog;
use super::encode::{sha256, unix};
use super::flaw::Flaw;
use super::key::Key;

const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
const FULCIO: &str = "1.3.6.1.4.1.57264.1";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const SUBJECT_KEY_ID: &str = "2.5.29.14";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const SCT_LIST: &str = "1.3.6.1.4.1.11129.2.4.2";

/// How long a certificate for one signature is valid, as Fulcio's are.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// A certificate authority: a root that signed one intermediate, which signs everything else.
pub struct Ca {
    root: Vec<u8>,
    intermediate: Vec<u8>,
    key: Key,
}

impl Ca {
    /// Two fresh keys under fixed names.
    pub fn new(since: SystemTime) -> Self {
        let (root_key, key) = (Key::new(), Key::new());
        let valid = (since, since + Duration::from_secs(20 * 365 * 24 * 60 * 60));
        let root = certificate(
            &root_key,
            tbs(
                "CN=root,O=oc-guardian tests",
                "CN=root,O=oc-guardian tests",
                valid,
                &root_key,
                authority(&root_key, 1),
            ),
        );
        let mut extensions = authority(&key, 0);
        extensions.push(extended_key_usage(CODE_SIGNING));
        extensions.push(issued_by(&root_key));
        let intermediate = certificate(
            &root_key,
            tbs(
                "CN=root,O=oc-guardian tests",
                "CN=intermediate,O=oc-guardian tests",
                valid,
                &key,
                extensions,
            ),
        );
        Self {
            root,
            intermediate,
            key,
        }
    }

    /// Intermediate, then root, DER: the order of trust roots and of cosign's chain annotation.
    pub fn chain(&self) -> [&[u8]; 2] {
        [&self.intermediate, &self.root]
    }

    /// A certificate for `holder`'s key, shown to `ct` first.
    pub fn issue(&self, holder: &Key, claims: &Claims, ct: &CtLog) -> Vec<u8> {
        let since = claims.signed_at - Duration::from_secs(1);
        let usage = match claims.flaw {
            Some(Flaw::NoCodeSigning) => SERVER_AUTH,
            _ => CODE_SIGNING,
        };
        let mut extensions = vec![
            extension(KEY_USAGE, true, &KeyUsage(KeyUsages::DigitalSignature.into())),
            extended_key_usage(usage),
            named_by(holder),
            issued_by(&self.key),
            extension(
                SUBJECT_ALT_NAME,
                true,
                &SubjectAltName(vec![uri(&claims.identity)]),
            ),
        ];
        for (number, value) in claims.extensions() {
            extensions.push(fulcio(number, value));
        }
        let mut tbs = tbs(
            "CN=intermediate,O=oc-guardian tests",
            "",
            (since, since + LIFETIME),
            holder,
            extensions,
        );
        // What the log signs is the certificate without the log's own extension: RFC 6962, section 3.2.
        if claims.flaw != Some(Flaw::NoSct) {
            let list = ct.timestamps(&tbs.to_der().unwrap(), &self.key.id(), since, claims.flaw);
            let list = OctetString::new(list).unwrap();
            tbs.extensions
                .get_or_insert_default()
                .push(extension(SCT_LIST, false, &list));
        }
        let mut certificate = certificate(&self.key, tbs);
        if claims.flaw == Some(Flaw::BrokenCertificate) {
            *certificate.last_mut().unwrap() ^= 1;
        }
        certificate
    }
}

fn certificate(signer: &Key, tbs: TbsCertificateInner) -> Vec<u8> {
    let signature = signer.sign(&tbs.to_der().unwrap());
    let certificate = CertificateInner {
        signature_algorithm: tbs.signature.clone(),
        tbs_certificate: tbs,
        signature: BitString::from_bytes(&signature).unwrap(),
    };
    certificate.to_der().unwrap()
}

fn tbs(
    issuer: &str,
    subject: &str,
    (since, until): (SystemTime, SystemTime),
    holder: &Key,
    extensions: Vec<Extension>,
) -> TbsCertificateInner {
    TbsCertificateInner {
        version: Version::V3,
        // Unique, positive and of few bytes: the key is fresh.
        serial_number: SerialNumber::new(&[&[1], &holder.id()[..15]].concat()).unwrap(),
        signature: AlgorithmIdentifierOwned {
            oid: ObjectIdentifier::new_unwrap(ECDSA_WITH_SHA256),
            parameters: None,
        },
        issuer: Name::from_str(issuer).unwrap(),
        validity: Validity {
            not_before: time(since),
            not_after: time(until),
        },
        subject: if subject.is_empty() {
            Name::default()
        } else {
            Name::from_str(subject).unwrap()
        },
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(&holder.spki()).unwrap(),
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(extensions),
    }
}

/// `UTCTime` up to 2049: RFC 5280, section 4.1.2.5.
fn time(time: SystemTime) -> Time {
    let since_1970 = Duration::from_secs(unix(time));
    UtcTime::from_unix_duration(since_1970).map_or_else(
        |_| Time::GeneralTime(GeneralizedTime::from_unix_duration(since_1970).unwrap()),
        Time::UtcTime,
    )
}

fn extension(oid: &str, critical: bool, value: &impl Encode) -> Extension {
    raw_extension(oid, critical, value.to_der().unwrap())
}

fn raw_extension(oid: &str, critical: bool, value: Vec<u8>) -> Extension {
    Extension {
        extn_id: ObjectIdentifier::new_unwrap(oid),
        critical,
        extn_value: OctetString::new(value).unwrap(),
    }
}

/// `.1` to `.6` hold bare text, later ones a DER `UTF8String`.
fn fulcio(number: u8, value: &str) -> Extension {
    let oid = format!("{FULCIO}.{number}");
    if number <= 6 {
        return raw_extension(&oid, false, value.as_bytes().to_vec());
    }
    extension(&oid, false, &Utf8StringRef::new(value).unwrap())
}

fn authority(key: &Key, path_length: u8) -> Vec<Extension> {
    let constraints = BasicConstraints {
        ca: true,
        path_len_constraint: Some(path_length),
    };
    vec![
        extension(
            KEY_USAGE,
            true,
            &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign),
        ),
        extension(BASIC_CONSTRAINTS, true, &constraints),
        named_by(key),
    ]
}

fn extended_key_usage(usage: &str) -> Extension {
    extension(
        EXTENDED_KEY_USAGE,
        false,
        &ExtendedKeyUsage(vec![ObjectIdentifier::new_unwrap(usage)]),
    )
}

fn named_by(key: &Key) -> Extension {
    extension(SUBJECT_KEY_ID, false, &SubjectKeyIdentifier(key_identifier(key)))
}

fn issued_by(key: &Key) -> Extension {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(key_identifier(key)),
        authority_cert_issuer: None,
        authority_cert_serial_number: None,
    };
    extension(AUTHORITY_KEY_ID, false, &identifier)
}

fn key_identifier(key: &Key) -> OctetString {
    OctetString::new(&sha256(&key.spki())[..20]).unwrap()
}

fn uri(identity: &str) -> GeneralName {
    GeneralName::UniformResourceIdentifier(Ia5String::new(identity).unwrap())
}
