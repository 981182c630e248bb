ARG BASE=python:3.13-slim
FROM $BASE AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.txt requirements-pages.txt requirements-build.txt ./
RUN python -m venv --without-pip /opt/triage \
    && python -m venv /opt/build \
    && python -m pip --python /opt/triage/bin/python install --require-hashes -r requirements.txt \
    && python -m pip --python /opt/triage/bin/python install --require-hashes --no-deps -r requirements-pages.txt \
    && /opt/build/bin/pip install --require-hashes -r requirements-build.txt
COPY pyproject.toml LICENSE ./
COPY rules rules
COPY app app
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
    && python -m pip --python /opt/triage/bin/python install --no-deps --no-index dist/*.whl

FROM $BASE
COPY --from=build /opt/triage /opt/triage
ENV PATH=/opt/triage/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('TRIAGE_PORT', '8000') + '/readyz', timeout=2)"]
CMD ["triage", "serve", "--host", "0.0.0.0"]
