"""What names of files and folders mean: the tables behind `kinds.classify`.

Origins: the manifest and lock-file names of each package manager's own documentation; the generated and vendored
paths of GitHub Linguist (generated.rb, vendor.yml) without those that would hide a project's own code (`dist/`,
`cache/`, `env/`, `.github/`, whole libraries by name); the CI files of each service's documentation.
Keys of `NAMES` are exact; endings and folders are compared in lower case.
"""

from __future__ import annotations


def _each(kinds: str, names: str) -> dict[str, tuple[str, ...]]:
    value = tuple(kinds.split())
    return dict.fromkeys(names.split(), value)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _list(phrases: str) -> frozenset[str]:
    return frozenset(phrases.split(", "))


NAMES: dict[str, tuple[str, ...]] = {
    **_each(
        "lock-file",
        "package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock poetry.lock "
        "Pipfile.lock pdm.lock uv.lock pylock.toml conda-lock.yml pixi.lock Cargo.lock go.sum go.work.sum "
        "Gemfile.lock gems.locked composer.lock packages.lock.json project.assets.json paket.lock gradle.lockfile "
        "buildscript-gradle.lockfile Podfile.lock Package.resolved Cartfile.resolved pubspec.lock mix.lock rebar.lock "
        "flake.lock .terraform.lock.hcl Chart.lock requirements.lock MODULE.bazel.lock maven_install.json "
        "conan.lock vcpkg-lock.json Manifest.toml stack.yaml.lock cabal.project.freeze gradle-dependency-lock.json "
        "shard.lock dub.selections.json Gopkg.lock glide.lock elm-stuff.lock renv.lock",
    ),
    **_each(
        "manifest",
        "package.json bower.json deno.json deno.jsonc jsr.json pnpm-workspace.yaml pyproject.toml Pipfile "
        "environment.yml environment.yaml pixi.toml go.mod go.work Cargo.toml Gemfile gems.rb composer.json "
        "packages.config paket.dependencies Directory.Packages.props Podfile Cartfile pubspec.yaml "
        "libs.versions.toml cpanfile DESCRIPTION Project.toml conanfile.txt conanfile.py vcpkg.json dub.json dub.sdl "
        "shard.yml elm.json deps.edn project.clj rebar.config stack.yaml Gopkg.toml ivy.xml",
    ),
    **_each(
        "manifest build", "setup.py setup.cfg pom.xml build.gradle build.gradle.kts build.sbt Package.swift mix.exs"
    ),
    **_each(
        "build",
        "Makefile makefile GNUmakefile CMakeLists.txt CMakePresets.json BUILD BUILD.bazel WORKSPACE WORKSPACE.bazel "
        "MODULE.bazel BUCK .bazelrc settings.gradle settings.gradle.kts gradle.properties gradlew gradlew.bat mvnw "
        "mvnw.cmd gradle-wrapper.properties maven-wrapper.properties build.xml tox.ini noxfile.py Rakefile Justfile "
        "justfile .justfile Taskfile.yml Taskfile.yaml meson.build meson_options.txt meson.options configure "
        "configure.ac configure.in Makefile.am Makefile.in autogen.sh build.rs build.zig build.zig.zon SConstruct "
        "SConscript wscript Gruntfile.js gulpfile.js lerna.json nx.json turbo.json rush.json Directory.Build.props "
        "Directory.Build.targets NuGet.Config nuget.config binding.gyp dune dune-project MANIFEST.in hatch_build.py "
        "build.ninja premake5.lua xmake.lua Earthfile Tiltfile skaffold.yaml .npmrc .yarnrc .yarnrc.yml pip.conf "
        "flake.nix default.nix shell.nix project.pbxproj dodo.py fabfile.py magefile.go Brewfile",
    ),
    **_each(
        "ci",
        ".gitlab-ci.yml .gitlab-ci.yaml Jenkinsfile azure-pipelines.yml azure-pipelines.yaml .travis.yml appveyor.yml "
        ".appveyor.yml bitbucket-pipelines.yml .drone.yml .drone.jsonnet .woodpecker.yml .woodpecker.yaml "
        "cloudbuild.yaml cloudbuild.yml cloudbuild.json .cirrus.yml .cirrus.star buildspec.yml buildspec.yaml "
        "wercker.yml codefresh.yml .semaphore.yml screwdriver.yaml .zuul.yaml zuul.yaml .testr.conf codemagic.yaml "
        "bitrise.yml",
    ),
    **_each(
        "container",
        "Dockerfile Containerfile dockerfile .dockerignore .containerignore docker-compose.yml docker-compose.yaml "
        "compose.yml compose.yaml docker-bake.hcl docker-bake.json devcontainer.json .devcontainer.json",
    ),
    **_each(
        "infrastructure",
        "Chart.yaml values.yaml kustomization.yaml kustomization.yml Pulumi.yaml cdk.json serverless.yml "
        "serverless.yaml samconfig.toml terragrunt.hcl ansible.cfg helmfile.yaml helmfile.yml Vagrantfile fly.toml "
        "render.yaml vercel.json netlify.toml wrangler.toml wrangler.jsonc Procfile Caddyfile nginx.conf "
        "firebase.json firestore.rules storage.rules amplify.yml",
    ),
    **_each(
        "policy",
        "CODEOWNERS OWNERS OWNERS_ALIASES .vibeguard.yaml .pre-commit-config.yaml .pre-commit-config.yml prek.toml "
        "lefthook.yml lefthook.yaml .lefthook.yml .overcommit.yml .policy.yml",
    ),
    **_each("schema", "schema.prisma buf.yaml buf.gen.yaml buf.work.yaml structure.sql schema.sql schema.rb"),
    **_each(
        "secrets",
        ".env .envrc .netrc _netrc .pgpass .pypirc .htpasswd .git-credentials credentials.json service-account.json "
        "secrets.yml secrets.yaml secrets.json secrets.toml secrets.env .secrets master.key credentials.yml.enc "
        "id_rsa id_dsa id_ecdsa id_ed25519",
    ),
    **_each(
        "docs",
        "README LICENSE LICENCE COPYING NOTICE AUTHORS CONTRIBUTORS CHANGELOG CHANGES HISTORY NEWS INSTALL TODO "
        "THANKS MAINTAINERS CITATION.cff UNLICENSE PATENTS MIT-LICENSE USAGE humans.txt llms.txt",
    ),
    **_each(
        "config",
        ".gitleaksignore .trivyignore .semgrepignore .nancy-ignore .secretlintignore .snyk .bandit .pylintrc pylintrc "
        ".git-blame-ignore-revs .mailmap .stylelintrc .nycrc .flake8 .coveragerc .editorconfig",
    ),
    **_each("generated", "zz_generated.deepcopy.go bindata.go"),
}

# Text that is not prose, in spite of its extension.
NOT_PROSE = _set("CMakeLists.txt meson_options.txt conanfile.txt requirements.txt constraints.txt")

# From the end of a name, after any of its dots: "x.test.ts" is looked up as "test.ts" and as "ts".
ENDINGS: dict[str, tuple[str, ...]] = {
    **_each("manifest build", "csproj fsproj vbproj vcxproj sln slnx gemspec podspec cabal nimble rockspec"),
    **_each("build", "mk mak cmake bzl bazel gradle gradle.kts sbt ninja gyp gypi gn gni m4 props targets"),
    **_each("infrastructure", "tf tf.json tfvars tofu hcl bicep nomad"),
    **_each("container", "dockerfile containerfile"),
    **_each(
        "schema",
        "proto graphql gql graphqls avsc avdl avpr thrift fbs capnp xsd wsdl smithy tsp raml asn1 asn cddl prisma "
        "schema.json jsonschema openapi.yaml openapi.yml openapi.json swagger.yaml swagger.yml swagger.json",
    ),
    **_each("migration", "up.sql down.sql"),
    **_each("secrets", "pem key p12 pfx jks keystore kdbx ppk kubeconfig tfstate tfstate.backup"),
    **_each(
        "generated",
        "pb.go pb.cc pb.h pb.swift pb.gw.go pb.validate.go grpc.pb.cc grpc.pb.h g.dart freezed.dart gr.dart "
        "designer.cs g.cs g.i.cs min.js min.css min.mjs js.map css.map mjs.map d.ts.map generated.go generated.ts "
        "generated.tsx generated.js generated.cs generated.swift generated.kt generated.rs gen.go gen.ts "
        "deepcopy.go",
    ),
    **_each("generated test", "snap"),
    **_each(
        "test",
        "test.js test.jsx test.ts test.tsx test.mjs test.cjs test.mts test.cts spec.js spec.jsx spec.ts spec.tsx "
        "spec.mjs spec.cjs spec.mts spec.cts test.vue spec.vue e2e.ts e2e.js e2e-spec.ts e2e-test.ts cy.js cy.ts "
        "cy.jsx cy.tsx test-d.ts feature bats robot t tftest.hcl test.sh test.cpp test.cc",
    ),
}

# `{language: (beginnings, endings)}` of the name without its last extension, as the language's test runners look for
# them. Case counts: `Contest.java` is no test, `ContestTest.java` is one.
TEST_NAMES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "python": (("test_",), ("_test", "_tests")),
    "cython": (("test_",), ("_test",)),
    "go": ((), ("_test",)),
    "javascript": ((), ("_test", "-test", "_spec", "-spec")),
    "typescript": ((), ("_test", "-test", "_spec", "-spec")),
    "tsx": ((), ("_test", "-test", "_spec", "-spec")),
    "java": (("Test",), ("Test", "Tests", "TestCase", "IT", "ITCase", "Spec")),
    "kotlin": (("Test",), ("Test", "Tests", "TestCase", "IT", "Spec")),
    "scala": ((), ("Test", "Tests", "Spec", "Suite", "IT")),
    "groovy": ((), ("Test", "Tests", "Spec", "IT")),
    "c#": ((), ("Test", "Tests", "Fixture")),
    "f#": ((), ("Test", "Tests")),
    "visual basic .net": ((), ("Test", "Tests")),
    "php": ((), ("Test", "Cest", "TestCase")),
    "swift": ((), ("Test", "Tests", "Spec")),
    "objective-c": ((), ("Test", "Tests", "Spec")),
    "ruby": (("test_",), ("_test", "_spec")),
    "rust": ((), ("_test", "_tests")),
    "c": (("test_", "test-"), ("_test", "_tests", "_unittest", "-test", "Test", "Tests")),
    "c++": (("test_", "test-"), ("_test", "_tests", "_unittest", "-test", "Test", "Tests")),
    "dart": ((), ("_test",)),
    "elixir": ((), ("_test",)),
    "erlang": ((), ("_SUITE", "_tests")),
    "haskell": ((), ("Spec", "Test")),
    "clojure": ((), ("_test",)),
    "lua": (("test_",), ("_test", "_spec")),
    "shell": (("test_", "test-"), ("_test", "-test", "_tests")),
    "powershell": ((), (".Tests",)),
    "r": (("test-", "test_"), ()),
    "julia": ((), ("_test", "_tests")),
    "perl": ((), ("_test",)),
    "crystal": ((), ("_spec",)),
    "ocaml": (("test_",), ("_test",)),
    "sql": (("test_",), ("_test",)),
}
TEST_FILES = _set(
    "conftest.py runtests.jl runtests.py test.py tests.py test.js test.ts tests.rs test.rs test_helper.rb "
    "test_helper.exs spec_helper.rb rails_helper.rb phpunit.xml phpunit.xml.dist pytest.ini jest.config.js "
    "jest.config.ts jest.setup.js jest.setup.ts vitest.config.ts vitest.config.js vitest.config.mts "
    "playwright.config.ts playwright.config.js cypress.config.ts cypress.config.js karma.conf.js .rspec"
)
TEST_FOLDERS = _set(
    "test tests __tests__ __test__ __mocks__ __snapshots__ unittest unittests unit_tests unit-tests "
    "integration_tests integration-tests functional_tests functional-tests e2e e2e-tests e2e_tests cypress "
    "testdata test_data test-data testing __tests_dts__ androidtest jstest regression-tests acceptance_tests "
    "acceptance-tests testutils testutil"
)
SPEC_FOLDERS = _set("spec specs")  # of the languages below; elsewhere a specification
SPEC_LANGUAGES = _set("ruby javascript typescript tsx lua crystal coffeescript php")
DATA_OF_TESTS = _set(
    "data testdata test_data test-data fixtures fixture golden goldens snapshots __snapshots__ resources cases"
)

VENDOR_FOLDERS = _set(
    "node_modules bower_components third_party third-party thirdparty 3rdparty _vendor vendored godeps pods "
    "carthage jspm_packages elm-stuff"
)
# `vendor/` is also a word of the trade (src/vendor/invoice.py): only at the root, or below one of these.
VENDOR_PARENTS = _set("static assets public lib libs js css javascripts stylesheets web www deps scripts")

GENERATED_FOLDERS = _set("__generated__ generated autogenerated auto_generated gen-src generated-src")
GENERATED_STEMS = ("_pb2", "_pb2_grpc", "_generated", ".generated", "_gen.go")

CI_FOLDERS = _set(".circleci .buildkite .woodpecker .semaphore .teamcity .azure-pipelines .azuredevops .ci")
INFRASTRUCTURE_FOLDERS = _set(
    "k8s kubernetes helm charts kustomize terraform ansible playbooks cloudformation argocd manifests deploy "
    "deployment deployments infra infrastructure helm-charts flux gitops pulumi"
)
MIGRATION_FOLDERS = _set("migrations migration migrate")
MIGRATION_PLACES = frozenset(
    (
        ("alembic", "versions"),
        ("migrations", "versions"),
        ("db", "migrate"),
        ("db", "migration"),
        ("db", "migrations"),
        ("db", "changelog"),
        ("prisma", "migrations"),
        ("repo", "migrations"),
    )
)
MIGRATION_LANGUAGES = _set(
    "python ruby sql plsql plpgsql javascript typescript php c# elixir go java kotlin groovy rust xml yaml json"
)
DOCS_FOLDERS = _set("docs doc documentation man manual")

CONFIG_LANGUAGES = _list(
    "json, json with comments, json5, yaml, toml, ini, xml, xml property list, java properties, dotenv, "
    "editorconfig, git config, git attributes, ignore list, npm config, apacheconf, nginx, hocon, edn, cue, "
    "jsonnet, browserslist, kdl, haproxy, caddyfile, ssh config, curl config, wget config, readline config, "
    "robots exclusion rules, redirect rules, hosts file, crontab, shellcheck config, option list, textmate "
    "properties, cson, ron, dhall, neon, jsonld, selinux policy, desktop, windows registry "
    "entries, codeowners, protocol buffer text format, spicedb schema, cloud firestore security "
    "rules, xpages"
)
# Programs that describe a build, a container or machines: their own kind says more than `code`.
NOT_CODE_LANGUAGES = _set("dockerfile hcl makefile cmake bitbake earthly starlark just meson puppet nix")
DATA_CODE_LANGUAGES = _list(
    "sql, gradle, gradle kotlin dsl, lark, abnf, ebnf, rpm spec, rbs, sparql, kusto, prisma, graphql, protocol buffer"
)
DOCS_MARKUP = _list("roff, roff manpage, tex, bibtex, rich text format, runoff, mermaid, d2, pic, postscript")
STYLE_LANGUAGES = _set("css scss sass less stylus postcss sugarss")

# Words of a path (between /, -, _, . and changes of case) that say: this decides who may do what.
AUTH_WORDS = _set(
    "auth authn authz authentication authenticate authenticator authorization authorisation authorize "
    "authorizer authorise login logout signin signup oauth oauth2 oidc openid saml sso jwt rbac acl acls "
    "permission permissions password passwords passwd credential credentials mfa totp otp 2fa csrf xsrf iam "
    "ldap kerberos webauthn passkey passkeys keycloak pam sudoers"
)
# At least one of these is part of every word above: one cheap test before a path is taken apart.
AUTH_STEMS = tuple(
    "auth log sign oidc openid saml sso jwt rbac acl permission passw credential mfa otp 2fa srf iam ldap kerberos "  # noqa: SIM905
    "passkey keycloak pam sudoers".split()
)

PICTURES = _set("png jpg jpeg gif bmp ico webp tif tiff avif heic icns cur psd svgz")
DOCUMENTS = _set("pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub mobi")
ARCHIVES = _set(
    "zip tar gz tgz bz2 tbz xz txz zst 7z rar jar war ear aar whl egg apk aab ipa nupkg gem crate deb rpm dmg "
    "iso cab lz4 lzma br msi cpio xpi crx vsix"
)
BINARIES = (
    PICTURES
    | _set("pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi")
    | ARCHIVES
    | _set(
        "exe dll so dylib a lib o obj bin class pyc pyo pyd wasm ko elf node dex beam mo ttf otf woff woff2 eot "
        "mp3 mp4 m4a m4v wav flac ogg oga ogv webm avi mov mkv aac opus mid sqlite sqlite3 db mdb parquet feather "
        "arrow avro orc npy npz pickle h5 hdf5 onnx pt pth ckpt safetensors gguf tflite mat rds rdata dta sav "
        "blend fbx glb uasset unitypackage swf der p12 pfx jks keystore kdbx bundle"
    )
)
