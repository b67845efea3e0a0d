"""Registers, rulesets and the catalogue of metrics as tables, each with its meaning persisted in the file."""

from __future__ import annotations

import duckdb

from pipelines import build
from pipelines.inputs import Inputs
from pipelines.judging import judges
from pipelines.settings import Deployment
from rulesets.lint import catalogue_of
from rulesets.scoring import write_reference

TABLES = {
    "agencies": "Cơ quan được đánh giá và thời gian hiệu lực. Agencies with group, parent, predecessors and validity.",
    "agency_codes": "Mã của cơ quan trong từng hệ thống. Codes of agencies by scheme, with validity.",
    "source_agencies": "Mã của từng nguồn là cơ quan nào. Which code of which source is which agency, with validity.",
    "exceptions": "Miễn áp dụng được khai. One row per agency, year and indicator that an article spares.",
    "appraisals": "Quyết định thẩm định. One row per decision of the council about a value or about points.",
    "corrections": "Đính chính số liệu nguồn. One row per figure that a source gives wrong, and what is right.",
    "rulesets": "Các quyết định đang dùng. One row per ruleset in use.",
    "ruleset_years": "Quyết định nào đánh giá năm nào, nhóm nào. Which ruleset judges which year and group.",
    "main_indices": "Chỉ số chính. Main indices of each ruleset with their maximum points.",
    "pillars": "Trụ cột. Pillars of each ruleset; they may overlap.",
    "indicators": "Chỉ số thành phần. Indicators of each ruleset with maximum points and rule.",
    "indicator_inputs": "Số liệu nào vào chỉ số nào. Which metric feeds which indicator, and as what.",
    "grades": "Xếp loại, mức độ. Grades or levels of each ruleset, and what must be reached.",
    "exception_articles": "Điều khoản miễn áp dụng. Articles that give points without a figure of one's own.",
    "metrics": "Danh mục số liệu. The catalogue of metrics with unit and meaning.",
}


def write_reference_tables(con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs) -> None:
    """Create or replace every table of `TABLES`."""
    build.write_registers(con, inputs.registers)
    write_reference(con, inputs.rulesets)
    _write_source_agencies(con, inputs)
    _write_metrics(con, deployment)
    _write_years(con, deployment, inputs)
    for table, meaning in TABLES.items():
        build.comment(con, table, meaning, {})


def _write_source_agencies(con: duckdb.DuckDBPyConnection, inputs: Inputs) -> None:
    """The register's codes by source: each source names the scheme that it speaks."""
    con.execute("create or replace temp table _schemes (source varchar, scheme varchar)")
    build.insert_rows(con, "_schemes", [[one.name, one.contract.agency.scheme] for one in inputs.sources.values()])
    con.execute(
        "create or replace table source_agencies as select s.source, c.code, c.agency_id, c.valid_from, c.valid_to "
        "from _schemes as s inner join agency_codes as c using (scheme) order by all"
    )
    con.execute("drop table _schemes")


def _write_metrics(con: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    con.execute(
        "create or replace table metrics (metric varchar, unit varchar, meaning_vi varchar, meaning_en varchar, "
        "source varchar, within_days integer)"
    )
    rows = [
        [metric.id, metric.unit, metric.meaning_vi, metric.meaning_en, metric.source, metric.within_days]
        for metric in catalogue_of(deployment.ruleset_folders).values()
    ]
    build.insert_rows(con, "metrics", rows)


def _write_years(con: duckdb.DuckDBPyConnection, deployment: Deployment, inputs: Inputs) -> None:
    """A ruleset judges the years in which it is in force; where two of one authority cover a group, the newer does."""
    con.execute(
        "create or replace table ruleset_years (ruleset_id varchar, assessment_year integer, agency_group varchar)"
    )
    chosen = judges(inputs.rulesets, deployment.settings.years)
    build.insert_rows(con, "ruleset_years", [[one.ruleset_id, key.year, key.group] for key, one in chosen.items()])
