"""edXML as a layout of kind `files`: each file is one message, each row one document in its final state.

The words are the standard's own, `Bussiness` included. A contract lists only elements that hold no free text and
nothing about a person: signers, staff, subjects, contents and attachments never leave the memory of one message.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from common.errors import Text
from common.yaml_files import FieldProblem
from connectors.contract_model import Contract
from connectors.parts import Part

NAMESPACE = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
SENDER, RECEIVER, DOCUMENT = "MessageHeader.From.OrganId", "MessageHeader.To.OrganId", "MessageHeader.DocumentId"
STATUS, SIGNED, FIRST_SENT = "Status", "signed", "first_sent"

Act = Literal["new", "revoke", "update", "replace"]
Target = Literal["bussiness", "response_for", "own"]

_ORGAN = ("OrganId", "OrganizationInCharge", "OrganName")
_PATHS = {
    "MessageHeader": ("DueDate", "SteeringType", "DocumentId"),
    "MessageHeader.From": _ORGAN,
    "MessageHeader.To": _ORGAN,
    "MessageHeader.Code": ("CodeNumber", "CodeNotation"),
    "MessageHeader.PromulgationInfo": ("Place", "PromulgationDate"),
    "MessageHeader.DocumentType": ("Type", "TypeName", "TypeDetail"),
    "MessageHeader.OtherInfo": ("Priority", "PromulgationAmount", "PageAmount"),
    "TraceHeaderList.TraceHeader": ("OrganId", "Timestamp"),
    "TraceHeaderList.Bussiness": ("BussinessDocType", "DocumentId", "Paper"),
    STATUS: ("StatusCode", "Timestamp"),
}
LISTABLE = frozenset([f"{above}.{name}" for above, names in _PATHS.items() for name in names] + [SIGNED, FIRST_SENT])


class EdxmlLayout(Part):
    """One message a file. Which agency a row is of follows from the contract: the sender, or each receiver."""

    type: Literal["edxml"]
    within: str = Field(
        pattern=r"^[A-Z][0-9]{2}$",
        description="last part of the codes that are ours, such as H41: only these organisations get rows",
    )
    acts: dict[str, Act] = Field(
        default={"0": "new", "1": "revoke", "2": "update", "3": "replace"},
        description="what each BussinessDocType does; a type that is not here is set aside",
    )
    targets: tuple[Target, ...] = Field(
        default=("bussiness", "response_for", "own"),
        min_length=1,
        description="where a message names the document that it acts on; the first that names a known one of the "
        "same sender counts (a replacement names its own in ReplacementInfoList first)",
    )
    timestamp: str = Field(default="%Y/%m/%d %H:%M:%S", description="strptime format of Timestamp, local time")

    @field_validator("timestamp")
    @classmethod
    def _has_a_day(cls, value: str) -> str:
        if not all(part in value for part in ("%Y", "%m", "%d")):
            raise FieldProblem("invalid-value", Text("thiếu ngày, tháng hoặc năm", "it has no whole date"))
        return value


def check_contract(contract: Contract) -> None:
    """Whether a contract fits edXML. Raises `FieldProblem`."""
    by_receiver = contract.agency.field == RECEIVER
    if contract.agency.by != "code" or contract.agency.field not in {SENDER, RECEIVER}:
        raise FieldProblem(
            "invalid-value",
            Text("cơ quan là nơi gửi hoặc nơi nhận, theo mã", "the agency is the sender or the receiver, by its code"),
            Text(f"viết '{SENDER}' hoặc '{RECEIVER}'", f"write '{SENDER}' or '{RECEIVER}'"),
            ("contract", "agency", "field"),
        )
    if DOCUMENT not in contract.key:
        raise FieldProblem(
            "missing-key",
            Text("mỗi văn bản là một dòng", "each document is a row of its own"),
            Text(f"thêm 'key: [{DOCUMENT}]'", f"add 'key: [{DOCUMENT}]'"),
            ("contract", "key"),
        )
    listed = {field: ("contract", "fields", field) for field in contract.fields}
    listed |= {one.field: ("contract", "exclude", str(i)) for i, one in enumerate(contract.exclude)}
    for field, at in listed.items():
        if field not in LISTABLE:
            raise FieldProblem(
                "unknown-field",
                Text(
                    f"'{field}' không được lưu từ edXML: văn bản tự do, thông tin cá nhân, hoặc không có trong chuẩn",
                    f"'{field}' is not stored from edXML: free text, personal data, or not of the standard",
                ),
                at=at,
            )
        if not by_receiver and field.startswith(("MessageHeader.To.", f"{STATUS}.")):
            raise FieldProblem(
                "unknown-field",
                Text(f"'{field}' chỉ có khi cơ quan là nơi nhận", f"'{field}' exists where the agency is the receiver"),
                at=at,
            )
