"""The candidate characteristics: what a partner sends, in which unit, and what an applicant is told about it.

This module owns names and texts only. It must not know how bins, weights or points come about.
"""

from dataclasses import dataclass

ORDINAL_EN = ["most recent", "second most recent", "third most recent", "fourth most recent", "fifth most recent", "sixth most recent"]
REPAYMENT_COLUMNS = ["PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"]


@dataclass(frozen=True)
class Characteristic:
    """One input of the scorecard, with the direction that its risk must take.

    `trend` is the direction of the bad rate as the value grows. It is fixed by reasoning before
    any data is seen, so that the sentence of the reason is always true of the points.
    """

    name: str
    column: str
    unit: str
    description: str
    minimum: int
    maximum: int
    missing: str
    trend: str
    code: str
    en: str
    zh: str
    floor: float | None = None


def _month_zh(month: int) -> str:
    """Name a month of the history in Chinese, counted back from the most recent one."""
    return "最近一个月" if month == 1 else f"最近第{month}个月"


def _credit_limit() -> Characteristic:
    """Describe the credit limit; without it the amounts cannot be judged, so it is never optional."""
    return Characteristic(
        name="credit_limit", column="LIMIT_BAL", unit="New Taiwan dollars",
        description="Amount of credit granted on the card, supplementary cards included.",
        minimum=0, maximum=100_000_000, missing="refuse", trend="descending", code="CREDIT_LIMIT",
        en="The credit limit is lower than that of the clients with the lowest risk",
        zh="信用额度低于风险最低的客户群",
    )


def _repayment_status(month: int) -> Characteristic:
    """Describe one month's repayment status.

    The values -2 (no use), -1 (paid in full) and 0 (minimum paid) all mean "not late". They are
    binned as one value (`floor`), so that nobody who paid on time is told that a payment was late.
    """
    return Characteristic(
        name=f"repayment_status_{month}", column=REPAYMENT_COLUMNS[month - 1], unit="months past due",
        description=f"Repayment status in the {ORDINAL_EN[month - 1]} month: -2 no use, -1 paid in full, "
        "0 minimum paid, 1 or more the months past due.",
        minimum=-2, maximum=9, missing="refuse" if month == 1 else "attribute", trend="ascending",
        code=f"REPAYMENT_STATUS_{month}",
        en=f"The payment of the {ORDINAL_EN[month - 1]} month was late",
        zh=f"{_month_zh(month)}的还款出现逾期", floor=0.0,
    )


def _bill_amount(month: int) -> Characteristic:
    """Describe one month's bill; a balance in the client's favour is negative."""
    return Characteristic(
        name=f"bill_amount_{month}", column=f"BILL_AMT{month}", unit="New Taiwan dollars",
        description=f"Amount of the statement of the {ORDINAL_EN[month - 1]} month; negative when in credit.",
        minimum=-100_000_000, maximum=100_000_000, missing="attribute", trend="ascending",
        code=f"BILL_AMOUNT_{month}",
        en=f"The statement of the {ORDINAL_EN[month - 1]} month was higher than that of the clients with the lowest risk",
        zh=f"{_month_zh(month)}的账单金额高于风险最低的客户群",
    )


def _payment_amount(month: int) -> Characteristic:
    """Describe the amount paid in one month."""
    return Characteristic(
        name=f"payment_amount_{month}", column=f"PAY_AMT{month}", unit="New Taiwan dollars",
        description=f"Amount paid in the {ORDINAL_EN[month - 1]} month.",
        minimum=0, maximum=100_000_000, missing="attribute", trend="descending",
        code=f"PAYMENT_AMOUNT_{month}",
        en=f"The amount paid in the {ORDINAL_EN[month - 1]} month was lower than that of the clients with the lowest risk",
        zh=f"{_month_zh(month)}的还款金额低于风险最低的客户群",
    )


def candidates() -> list[Characteristic]:
    """List every candidate. Sex, marital status, age and education are left out on purpose (see the card)."""
    months = range(1, 7)
    return [
        _credit_limit(),
        *(_repayment_status(month) for month in months),
        *(_payment_amount(month) for month in months),
        *(_bill_amount(month) for month in months),
    ]


BANDS = [
    {"band": "A", "min_score": 850, "sentence": {"en": "Very low risk of default next month", "zh": "下月违约风险很低"}},
    {"band": "B", "min_score": 800, "sentence": {"en": "Low risk of default next month", "zh": "下月违约风险较低"}},
    {"band": "C", "min_score": 750, "sentence": {"en": "Moderate risk of default next month", "zh": "下月违约风险中等"}},
    {"band": "D", "min_score": 700, "sentence": {"en": "Raised risk of default next month", "zh": "下月违约风险偏高"}},
    {"band": "E", "min_score": 600, "sentence": {"en": "High risk of default next month", "zh": "下月违约风险高"}},
    {"band": "F", "min_score": 350, "sentence": {"en": "Very high risk of default next month", "zh": "下月违约风险很高"}},
]
