using System.Text.Json;
using KdKernels.Cli.Ops;
using KdKernels.Distillation.Formats;

namespace KdKernels.Cli.Tests.Ops;

public sealed class OpCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kd-op-").FullName;
    private readonly CapturedConsole _kd = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_list_names_inputs_settings_outputs_and_the_contract()
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync("op", "list"));
        Assert.Contains("tempered-kl\n", _kd.Out, StringComparison.Ordinal);
        Assert.Contains("temperature (required)", _kd.Out, StringComparison.Ordinal);
        Assert.Contains("reduction=batch-mean", _kd.Out, StringComparison.Ordinal);
        Assert.Contains("contract", _kd.Out, StringComparison.Ordinal);
        Assert.All(_kd.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task The_list_as_json_has_every_op_once()
    {
        await _kd.RunAsync("op", "list", "--json");
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        string[] names = [.. json.RootElement.EnumerateArray().Select(op => op.GetProperty("name").GetString()!)];
        Assert.Equal(OpCatalog.All.Select(op => op.Name), names, StringComparer.Ordinal);
        Assert.Equal(names.Order(StringComparer.Ordinal).Distinct(StringComparer.Ordinal), names, StringComparer.Ordinal);
        JsonElement kl = json.RootElement.EnumerateArray().Single(op => op.GetProperty("name").GetString() == "tempered-kl");
        Assert.Equal("student", kl.GetProperty("inputs")[0].GetProperty("name").GetString());
        Assert.True(kl.GetProperty("inputs")[0].GetProperty("differentiable").GetBoolean());
        Assert.Equal(JsonValueKind.Null, kl.GetProperty("settings")[0].GetProperty("default").ValueKind);
    }

    [Fact]
    public async Task Writes_outputs_and_gradients_and_prints_one_line()
    {
        string s = File(OpArray.Logits(1, 3, 4)), t = File(OpArray.Logits(2, 3, 4)), results = Path.Combine(_folder, "out");
        Assert.Equal(ExitCode.Done, await RunAsync("--grad", "--set", "temperature=4", "--out", results));
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        Assert.Single(_kd.Out.TrimEnd('\n').Split('\n'));
        NpyArray loss = NpyFile.Read(Path.Combine(results, "loss.npy"));
        Assert.Empty(loss.Shape);
        Assert.Equal(loss.ToDoubles()[0], json.RootElement.GetProperty("outputs").GetProperty("loss").GetProperty("value").GetDouble());
        Assert.Equal([3L, 4L], NpyFile.Read(Path.Combine(results, "grad_student.npy")).Shape);
        Assert.Equal("batch-mean", json.RootElement.GetProperty("settings").GetProperty("reduction").GetString());

        Task<int> RunAsync(params string[] more) =>
            _kd.RunAsync(["op", "tempered-kl", "--in", $"student={s}", "--in", $"teacher={t}", .. more]);
    }

    [Fact]
    public async Task The_oracle_computes_in_double_whatever_comes_in()
    {
        string s = File(OpArray.Logits(1, 3, 4), NpyType.F2), t = File(OpArray.Logits(2, 3, 4), NpyType.F2);
        string[] call = ["op", "tempered-kl", "--in", $"student={s}", "--in", $"teacher={t}", "-s", "temperature=2"];
        Assert.Equal(ExitCode.Done, await _kd.RunAsync([.. call, "--impl", "oracle", "--out", _folder]));
        Assert.Equal(NpyType.F8, NpyFile.Read(Path.Combine(_folder, "loss.npy")).Type);
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync([.. call, "--out", _folder]));
        Assert.Contains("Float16", _kd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inputs_are_converted_where_that_is_asked_for()
    {
        string s = File(OpArray.Logits(1, 3, 4)), t = File(OpArray.Logits(2, 3, 4));
        string[] call = ["op", "tempered-kl", "--in", $"student={s}", "--in", $"teacher={t}", "-s", "temperature=2", "--out", _folder];
        Assert.Equal(ExitCode.Done, await _kd.RunAsync([.. call, "--grad", "--dtype", "float32"]));
        Assert.Equal(NpyType.F4, NpyFile.Read(Path.Combine(_folder, "grad_student.npy")).Type);
        // The kernels of the 16-bit types are CUDA's; torch computes them anywhere, and .npy has no bfloat16 to write.
        Assert.Equal(ExitCode.Done, await _kd.RunAsync([.. call, "--grad", "--dtype", "bfloat16", "--impl", "composed"]));
        NpyArray gradient = NpyFile.Read(Path.Combine(_folder, "grad_student.npy"));
        Assert.Equal(NpyType.F4, gradient.Type);
        Assert.All(gradient.ToDoubles(), value => Assert.Equal(0, BitConverter.SingleToInt32Bits((float)value) & 0xffff));
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync([.. call, "--dtype", "bfloat16"]));
        Assert.Contains("which only cuda computes", _kd.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync([.. call, "--dtype", "float32", "--impl", "oracle"]));
        Assert.Contains("expected no --dtype for the oracle", _kd.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("needs the input teacher", "student=A")]
    [InlineData("has no input 'pupil'; it has student, teacher", "pupil=A")]
    [InlineData("expected --in name=file.npy but got 'student'", "student")]
    [InlineData("student was given twice", "student=A", "student=A")]
    [InlineData("expected student to hold floating-point numbers", "student=I", "teacher=A")]
    [InlineData("there is no", "student=missing.npy", "teacher=A")]
    public async Task Wrong_inputs_get_a_sentence(string expected, params string[] inputs)
    {
        string a = File(OpArray.Logits(1, 3, 4)), integers = File(OpArray.Labels(4, 1, 3, 4));
        string[] options = [.. inputs.SelectMany(input => new[]
        {
            "--in", input.Replace("=A", $"={a}", StringComparison.Ordinal).Replace("=I", $"={integers}", StringComparison.Ordinal),
        })];
        int code = await _kd.RunAsync(["op", "tempered-kl", .. options, "-s", "temperature=1", "--out", _folder]);
        Assert.Equal(ExitCode.InvalidInput, code);
        if (expected != "there is no") Assert.Contains(expected, _kd.Error, StringComparison.Ordinal);
        Assert.Single(_kd.Error.TrimEnd('\n').Split('\n'));
        Assert.False(System.IO.File.Exists(Path.Combine(_folder, "loss.npy")));
    }

    [Theory]
    [InlineData("needs the setting temperature")]
    [InlineData("has no setting 'heat'; it has temperature", "temperature=1", "heat=3")]
    [InlineData("expected temperature to be a number but got 'warm'", "temperature=warm")]
    [InlineData("expected reduction to be one of none, sum, mean, batch-mean but got 'average'", "temperature=1", "reduction=average")]
    [InlineData("expected t-squared to be true or false but got 'maybe'", "temperature=1", "t-squared=maybe")]
    [InlineData("expected a temperature in (0, ∞] but got -1", "temperature=-1")]
    [InlineData("expected a dimension in [-2, 1] but got 7", "temperature=1", "dim=7")]
    public async Task Wrong_settings_get_a_sentence(string expected, params string[] settings)
    {
        string a = File(OpArray.Logits(1, 3, 4));
        string[] options = [.. settings.SelectMany(setting => new[] { "--set", setting })];
        int code = await _kd.RunAsync(
            ["op", "tempered-kl", "--in", $"student={a}", "--in", $"teacher={a}", .. options, "--out", _folder]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains(expected, _kd.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("fused", "expected shape [5, 7], as student has, but got [5, 6]")]
    [InlineData("composed", "cannot be computed from student [5, 7], teacher [5, 6]")]
    [InlineData("oracle", "cannot be computed from student [5, 7], teacher [5, 6]")]
    public async Task Shapes_that_do_not_fit_get_a_sentence_from_every_implementation(string implementation, string expected)
    {
        string s = File(OpArray.Logits(1, 5, 7)), t = File(OpArray.Logits(2, 5, 6));
        int code = await _kd.RunAsync(
            "op", "jsd", "--in", $"student={s}", "--in", $"teacher={t}", "-s", "temperature=4", "--impl", implementation, "--out", _folder);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains(expected, _kd.Error, StringComparison.Ordinal);
        Assert.Single(_kd.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_gradient_of_another_shape_and_a_device_that_is_not_there_get_a_sentence()
    {
        string a = File(OpArray.Logits(1, 3, 4));
        string[] call =
            ["op", "tempered-kl", "--in", $"student={a}", "--in", $"teacher={a}", "-s", "temperature=1", "--out", _folder];
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync([.. call, "--grad-output", a]));
        Assert.Contains(
            "expected a gradient of shape [], as the main output has, but got [3, 4]", _kd.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unavailable, await _kd.RunAsync([.. call, "--device", "cuda:17"]));
        Assert.Contains("expected a CUDA device for device: cuda:17", _kd.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.InvalidInput, await _kd.RunAsync([.. call, "--impl", "oracle", "--device", "cuda"]));
    }

    [Fact]
    public async Task An_op_that_does_not_exist_is_a_usage_error() =>
        Assert.Equal(ExitCode.Usage, await _kd.RunAsync("op", "kullback", "--out", _folder));

    private string File(OpArray array, NpyType type = NpyType.F4)
    {
        string path = Path.Combine(_folder, $"{Guid.NewGuid():N}.npy");
        NpyFile.Write(path, array.ToNpy(type));
        return path;
    }
}
