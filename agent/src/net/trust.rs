//! What certificate is believed: the operating system's trust store and a PEM file, or, on explicit request, any.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use codestream_protocol::text;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use crate::net::NetworkError;
use crate::net::issuer;

/// The certificate's issuer is nobody whom this machine trusts.
#[derive(Debug, thiserror::Error)]
#[error("issued by {issuer}, which is not trusted here")]
pub(crate) struct UntrustedIssuer {
    /// As the certificate names it.
    pub(crate) issuer: String,
}

/// TLS for the clients.
///
/// # Errors
/// [`NetworkError::Setting`] when the PEM file cannot be read or holds no certificate.
pub(crate) fn client_config(extra: Option<&Path>, strict: bool) -> Result<ClientConfig, NetworkError> {
    let provider = Arc::new(ring::default_provider());
    let extra = extra.map_or_else(|| Ok(Vec::new()), read_pem)?;
    let verifier = Verifier {
        provider: Arc::clone(&provider),
        extra,
        strict,
        platform: OnceLock::new(),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| NetworkError::Setting(format!("TLS is not available: {error}.")))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

fn read_pem(path: &Path) -> Result<Vec<CertificateDer<'static>>, NetworkError> {
    let fault = |what: String| {
        NetworkError::Setting(format!(
            "The file of the setting `extraCerts` ({}) {what}.",
            path.display()
        ))
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| match error {
            pem::Error::Io(error) => fault(format!("cannot be read: {}", error.kind())),
            // The parser quotes the lines that it cannot read, and those of a bundle may be a private key (CWE-532).
            _ => fault(
                "is not a clean PEM file: one of its sections is broken. Export the certificates anew"
                    .to_owned(),
            ),
        })?;
    if found.is_empty() {
        return Err(fault("holds no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

/// Loads the operating system's store at the first certificate, so that plain http on loopback works on a machine that has
/// none, and names the issuer that it does not trust.
struct Verifier {
    provider: Arc<CryptoProvider>,
    extra: Vec<CertificateDer<'static>>,
    strict: bool,
    platform: OnceLock<Result<rustls_platform_verifier::Verifier, Error>>,
}

impl Verifier {
    fn platform(&self) -> Result<&rustls_platform_verifier::Verifier, Error> {
        self.platform
            .get_or_init(|| {
                rustls_platform_verifier::Verifier::new_with_extra_roots(
                    self.extra.iter().cloned(),
                    Arc::clone(&self.provider),
                )
            })
            .as_ref()
            .map_err(Clone::clone)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.strict {
            return Ok(ServerCertVerified::assertion());
        }
        self.platform()?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                    // The last certificate that was sent is nearest to the root that is missing.
                    let nearest = intermediates.last().unwrap_or(end_entity);
                    let issuer = issuer::name_of(nearest).unwrap_or_default();
                    let issuer = text::name(&issuer, "an unnamed authority");
                    let untrusted = UntrustedIssuer { issuer };
                    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted))))
                }
                other => other,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}
