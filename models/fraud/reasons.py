"""What each feature of events means as a reason, in English and Chinese: made of the parts of its regular name."""

IDENTITY_KINDS = ("phone", "email", "device", "card", "address", "network")
CATEGORIES = {f"identity_{kind}" for kind in IDENTITY_KINDS}

ENTITIES = {
    "account": ("account", "账户"), "card": ("card", "银行卡"), "device": ("device", "设备"), "ip": ("internet address", "网络地址"),
    "phone": ("phone number", "手机号"), "email": ("email address", "电子邮箱"), "address": ("postal address", "收货地址"),
    "merchant": ("merchant", "商户"), "terminal": ("terminal", "终端"), "beneficiary": ("beneficiary", "收款人"),
    "network": ("network", "网段"),
}
PLURALS = {
    "accounts": ("accounts", "账户"), "cards": ("cards", "银行卡"), "devices": ("devices", "设备"), "ips": ("internet addresses", "网络地址"),
    "phones": ("phone numbers", "手机号"), "merchants": ("merchants", "商户"), "beneficiaries": ("beneficiaries", "收款人"),
}
WINDOWS = {
    "1m": ("a minute", "1分钟"), "10m": ("ten minutes", "10分钟"), "1h": ("an hour", "1小时"), "24h": ("a day", "1天"),
    "7d": ("a week", "7天"), "30d": ("30 days", "30天"),
}
# What is said where the name has no regular form.
ALONE = {
    "amount_minor": ("The amount is unusual for fraud-free events", "金额异常"),
    "hour": ("The hour of the day is one at which frauds are more common", "发生时段风险较高"),
    "weekday": ("The day of the week is one on which frauds are more common", "发生日期风险较高"),
    "is_weekend": ("It happens at a weekend", "发生在周末"),
    "scene": ("Frauds are more common in events of this kind", "该类业务风险较高"),
    "identity_matches": ("Few of the person's elements were seen with the account before", "身份要素与账户历史匹配较少"),
    "identity_mismatches": ("Elements of the person differ from those that the account was seen with", "身份要素与账户历史不一致"),
    "cluster_accounts": ("Many accounts are linked by shared devices, cards, addresses, phones or emails", "关联账户较多"),
    "cluster_entities": ("Many shared things link the account to others", "账户关联要素较多"),
    "cluster_links": ("The account is closely linked to others", "账户关联关系较多"),
    "cluster_density": ("The linked accounts share their things in an unusual pattern", "关联网络密度异常"),
    "cluster_new_accounts": ("Many of the linked accounts are new", "关联账户多为新账户"),
    "cluster_frauds": ("Linked accounts had confirmed frauds", "关联账户存在已确认欺诈"),
    "hops_to_fraud": ("A confirmed fraud is near in the linked network", "关联网络中临近已确认欺诈"),
}
STATS = {
    "count": ("The number of events of the {0} within {1} is unusual", "{0}在{1}内的事件次数异常"),
    "scene_count": ("The number of events of this kind of the {0} within {1} is unusual", "{0}在{1}内同类业务次数异常"),
    "sum": ("The sum of amounts of the {0} within {1} is unusual", "{0}在{1}内的累计金额异常"),
    "mean": ("The mean amount of the {0} within {1} is unusual", "{0}在{1}内的平均金额异常"),
    "max": ("The largest amount of the {0} within {1} is unusual", "{0}在{1}内的最大金额异常"),
    "frauds": ("Frauds of the {0} became known within {1}", "{0}在{1}内有欺诈被确认"),
    "fraud_rate": ("The share of known frauds of the {0} within {1} is high", "{0}在{1}内的欺诈率较高"),
}
ENDINGS = {
    "since_first_s": ("The {0} has been known for an unusual time", "{0}首次出现时间异常"),
    "since_last_s": ("The time since the last event of the {0} is unusual", "{0}距上次事件的时间异常"),
    "is_new": ("The {0} was not seen in 30 days", "{0}在30天内首次出现"),
    "confirmed": ("The {0} itself was reported as fraud", "{0}已被举报为欺诈"),
    "hour_share": ("The hour is unusual for the {0}", "{0}在该时段较少活动"),
    "weekday_share": ("The day of the week is unusual for the {0}", "{0}在该日较少活动"),
    "amount_to_mean": ("The amount is unusual beside the {0}'s mean", "金额偏离{0}的平均水平"),
    "amount_to_max": ("The amount is unusual beside the {0}'s largest", "金额偏离{0}的历史最大值"),
    "amount_z": ("The amount deviates from the {0}'s own history", "金额偏离{0}的历史习惯"),
    "seen_days": ("The time since the account was seen with this {0} is unusual", "账户与该{0}上次同时出现的时间异常"),
    "other_accounts": ("Other accounts were seen with this {0}", "该{0}被其他账户使用"),
}


def sentence(name: str) -> tuple[str, str]:
    """The reason of a feature, in English and Chinese."""
    if name in ALONE:
        return ALONE[name]
    if name.startswith("identity_"):
        kind, _, rest = name.removeprefix("identity_").partition("_")
        en, zh = ENTITIES[kind]
        if not rest:
            return f"The {en} does not go with the account as it did before", f"{zh}与账户历史不符"
        return ENDINGS[rest][0].format(en), ENDINGS[rest][1].format(zh)
    head, _, rest = name.partition("_")
    en, zh = ENTITIES[head]
    if rest in ENDINGS:
        return ENDINGS[rest][0].format(en), ENDINGS[rest][1].format(zh)
    stem, _, window = rest.rpartition("_")
    if window in WINDOWS and stem in STATS:
        (until_en, until_zh), (form_en, form_zh) = WINDOWS[window], STATS[stem]
        return form_en.format(en, until_en), form_zh.format(zh, until_zh)
    if window in WINDOWS and stem in PLURALS:
        (until_en, until_zh), (many_en, many_zh) = WINDOWS[window], PLURALS[stem]
        return f"The number of {many_en} seen with the {en} within {until_en} is unusual", f"{zh}在{until_zh}内关联的{many_zh}数量异常"
    if rest.endswith("_other_accounts"):
        return ENDINGS["other_accounts"][0].format(en), ENDINGS["other_accounts"][1].format(zh)
    other, _, what = rest.partition("_")
    if other in ENTITIES:
        with_en, with_zh = ENTITIES[other]
        return {
            "count_30d": (f"The {en} was seen with this {with_en} unusually often or seldom", f"{zh}与该{with_zh}共同出现次数异常"),
            "since_last_s": (f"The time since the {en} was seen with this {with_en} is unusual", f"{zh}与该{with_zh}上次共同出现的时间异常"),
            "is_new": (f"The {en} was not seen with this {with_en} in 30 days", f"{zh}与该{with_zh}首次共同出现"),
        }[what]
    raise KeyError(name)
