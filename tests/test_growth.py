"""The picture of how time and memory grow says what was measured."""

from xml.etree import ElementTree as ET

from tools.bench.growth import Run, picture

RUNS = [Run(10**4, 6.0, 270.0), Run(10**5, 7.0, 400.0), Run(10**7, 106.0, 500.0)]


def test_the_picture_has_every_run_where_it_belongs() -> None:
    root = ET.fromstring(picture(RUNS))
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"6.0", "7.0", "106.0", "270", "400", "500", "10^4", "10^5", "10^7"} <= set(texts)
    assert any("5.9 s + 10.0 µs a row" in text for text in texts)
    dots = [(float(each.attrib["cx"]), float(each.attrib["cy"])) for each in root.iter() if each.tag.endswith("circle")]
    times, memory = dots[:3], dots[3:]
    assert [x for x, _ in times] == [x for x, _ in memory] == [0.0, 80.0, 240.0]
    assert times[0][1] > times[1][1] > times[2][1] > 0
    assert memory[0][1] > memory[1][1] > memory[2][1] > 0
