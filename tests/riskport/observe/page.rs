//! Reads the page of metrics as Prometheus would, and insists that it is well formed.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Asks for a path, and takes the whole answer: its status and its body.
pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    assert!(path != "/metrics" || head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    (status, body.to_owned())
}

/// The page at one moment.
pub struct Page {
    pub text: String,
    series: BTreeMap<String, f64>,
}

impl Page {
    pub async fn read(address: SocketAddr) -> Self {
        let (status, text) = get(address, "/metrics").await;
        assert_eq!(status, 200);
        Self::parse(text)
    }

    fn parse(text: String) -> Self {
        let (mut kinds, mut series) = (HashMap::new(), BTreeMap::new());
        for line in text.lines() {
            if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} is there twice");
            } else if !line.starts_with("# HELP ") {
                let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line:?}"));
                let value = value.parse().unwrap_or_else(|_| panic!("no number: {line:?}"));
                assert_eq!(series.insert(name.to_owned(), value), None, "{name} is there twice");
                let family = name.split('{').next().unwrap();
                let stems = ["_bucket", "_sum", "_count"].map(|end| family.strip_suffix(end));
                let known =
                    kinds.contains_key(family) || stems.into_iter().flatten().any(|stem| kinds.contains_key(stem));
                assert!(known && family.starts_with("riskport_"), "of no family: {line:?}");
            }
        }
        Self { text, series }
    }

    /// The value of a series, named without the prefix; 0 when it is not there.
    pub fn value(&self, name: &str) -> f64 {
        self.series.get(&format!("riskport_{name}")).copied().unwrap_or_default()
    }

    pub fn has(&self, name: &str) -> bool {
        self.series.contains_key(&format!("riskport_{name}"))
    }

    /// How often calls of a method of the credit service ended with a code.
    pub fn credit_calls(&self, method: &str, code: &str) -> f64 {
        self.value(&format!("calls_total{{method=\"riskport.credit.v1.CreditScoreService/{method}\",code=\"{code}\"}}"))
    }

    /// How many series there are of a family.
    pub fn count(&self, family: &str) -> usize {
        self.series.keys().filter(|name| name.starts_with(&format!("riskport_{family}{{"))).count()
    }
}
