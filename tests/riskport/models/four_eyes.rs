//! Four eyes: who uploads a version does not bring it into the traffic.

use riskport::rpc::proto::{
    risk::ModelKind,
    tenant::{self, UpdateTenantRequest},
};
use tonic::Code;

use super::{Upload, promote, refused, roll_back, set_traffic};
use crate::support::platform::{PARTNER_SCOPES, Partner, Platform, new_key};

async fn demand(platform: &Platform, four_eyes: bool) {
    let tenant = tenant::Tenant { name: "tenants/north-bank".to_owned(), four_eyes, ..tenant::Tenant::default() };
    let update_mask = Some(prost_types::FieldMask { paths: vec!["four_eyes".to_owned()] });
    let updated =
        platform.tenants().await.update_tenant(UpdateTenantRequest { tenant: Some(tenant), update_mask }).await;
    assert_eq!(updated.unwrap().into_inner().tenant.unwrap().four_eyes, four_eyes);
}

on_both!(the_key_that_uploads_does_not_promote, async |world| {
    let platform = Platform::start(world).await;
    let maker = platform.onboard("north-bank").await;
    let checker = Partner { key: new_key(), ..maker.clone() };
    platform.add_key(&checker, &PARTNER_SCOPES).await;
    let (mut first, mut second) = (platform.models(&maker).await, platform.models(&checker).await);
    demand(&platform, true).await;
    for low in [1.0, 2.0, 3.0] {
        Upload::stump("stump", ModelKind::Generic, low, -1.0).send(&mut first).await.unwrap();
    }
    let denied = (Code::PermissionDenied, "FOUR_EYES_REQUIRED".to_owned());
    assert_eq!(refused(promote(&mut first, "stump", 1).await), denied);
    promote(&mut second, "stump", 1).await.unwrap();
    promote(&mut second, "stump", 2).await.unwrap();
    // Back is where it was before: no new eyes are needed.
    assert_eq!(roll_back(&mut first, "stump").await.unwrap().champion_version, 1);

    assert_eq!(refused(set_traffic(&mut first, "stump", (3, 30), &[]).await), denied);
    assert_eq!(refused(set_traffic(&mut first, "stump", (0, 0), &[3]).await), denied);
    set_traffic(&mut second, "stump", (3, 30), &[]).await.unwrap();
    assert_eq!(refused(set_traffic(&mut first, "stump", (3, 60), &[]).await), denied);
    // Taking it out is no risk.
    assert_eq!(set_traffic(&mut first, "stump", (0, 0), &[]).await.unwrap().challenger_version, 0);

    demand(&platform, false).await;
    assert_eq!(promote(&mut first, "stump", 3).await.unwrap().champion_version, 3);
    platform.stop().await;
});
