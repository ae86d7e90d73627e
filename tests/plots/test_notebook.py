"""A notebook that draws holds a picture, without a magic line; and no traces of progress bars."""

import pytest

CODE = """
import numpy as np
import bayes_irl as bi
bi.plots.raster(bi.Recording.from_arrays(np.eye(4), ["a", "b", "a", "b"], bin_width=0.01))
"""


def test_a_notebook_holds_the_picture():
    nbformat = pytest.importorskip("nbformat")
    execute = pytest.importorskip("nbconvert.preprocessors").ExecutePreprocessor
    pytest.importorskip("ipykernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    execute(timeout=300, kernel_name="python3").preprocess(notebook)
    (output,) = notebook.cells[0].outputs  # no warning either
    assert output["output_type"] == "execute_result" and len(output["data"]["image/png"]) > 2000
