"""Which texts are addresses of Hadoop, and which are paths of this machine."""

import os

import pytest

from banners.core.hadoop_address import HadoopAddress, hadoop_address


@pytest.mark.parametrize("text", ["events", "/events", "C:/events", "hdfs:/events", "://events"])
def test_a_path_of_this_machine_is_none(text: str) -> None:
    assert hadoop_address(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hdfs://namenode/events/", "hdfs://namenode/events"),
        ("s3a://bucket//", "s3a://bucket"),
        ("S3A://bucketX/", "S3A://bucketX"),
        # The root of the default host: without its slashes it would be none.
        ("hdfs:///", "hdfs:///"),
    ],
)
def test_an_address_loses_the_slashes_at_its_end(text: str, address: str) -> None:
    found = hadoop_address(text)
    assert found == HadoopAddress(address)
    assert str(found) == os.fspath(found) == address
