"""A notebook that draws holds a picture, without a magic line; and no traces of progress bars."""

import pytest

CODE = """
import numpy as np
import bayes_irl as bi
recording = bi.Recording.from_arrays(np.eye(4), ["a", "b", "a", "b"], bin_width=0.01)
bi.plots.raster(recording)
"""


@pytest.fixture
def execute(monkeypatch):
    """Run cells as nbconvert does, and return what each of them put out."""
    monkeypatch.delenv("MPLBACKEND", raising=False)  # commands that ran in this process have set it
    nbformat = pytest.importorskip("nbformat")
    processor = pytest.importorskip("nbconvert.preprocessors").ExecutePreprocessor
    pytest.importorskip("ipykernel")

    def run(*cells: str) -> list:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in cells])
        processor(timeout=300, kernel_name="python3").preprocess(notebook)
        return [cell.outputs for cell in notebook.cells]

    return run


def test_a_notebook_holds_the_picture(execute):
    (output,) = execute(CODE)[0]  # no warning either
    assert output["output_type"] == "execute_result" and len(output["data"]["image/png"]) > 2000


def test_pyplot_shows_and_saves_it_once(execute, tmp_path):
    """Before and after `plt.show()` and `plt.savefig`, as users expect of any figure; and a figure that was named."""
    file = tmp_path / "saved.png"
    first, shown, saved, plain = execute(
        CODE,
        "import matplotlib.pyplot as plt\nbi.plots.raster(recording)\nplt.show()",
        f"figure = bi.plots.raster(recording); plt.suptitle('Mine'); plt.savefig({str(file)!r})",
        "plt.figure(); plt.plot([1, 2]); plt.show()",  # pyplot itself goes on as before
    )
    for outputs in (first, shown, saved, plain):
        assert [len(each["data"]["image/png"]) > 2000 for each in outputs] == [True]
    assert file.stat().st_size > 2000


def test_a_saved_notebook_holds_nothing_of_progress_bars(execute):
    code = "from bayes_irl.inference.progress import Progress\nbars = Progress(None)\nbars.say('It takes long.')\n"
    code += "with bars.stage('sampling', 10) as tick:\n    [tick(1) for _ in range(10)]\nprint('done')"
    outputs = execute(code)[0]
    assert [each.get("text") for each in outputs if each["output_type"] == "stream"] == ["done\n"]
    assert all(each["data"] == {} for each in outputs if each["output_type"] != "stream")
