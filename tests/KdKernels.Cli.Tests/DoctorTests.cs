using System.Text.Json;

namespace KdKernels.Cli.Tests;

public sealed class DoctorTests : IDisposable
{
    private readonly CapturedConsole _kd = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kd-doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_cpu_path_is_all_that_it_needs()
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync("doctor"));
        Assert.Contains("Ready to train.", _kd.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_line_says_ok_or_missing_and_what_is_missing_has_a_remedy()
    {
        await _kd.RunAsync("doctor", "--json");
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        JsonElement[] checks = [.. json.RootElement.GetProperty("checks").EnumerateArray()];
        Assert.True(json.RootElement.GetProperty("ok").GetBoolean());
        Assert.All(checks, check => Assert.NotEmpty(check.GetProperty("detail").GetString()!));
        Assert.All(
            checks.Where(check => !check.GetProperty("present").GetBoolean()),
            check => Assert.NotEmpty(check.GetProperty("remedy").GetString()!));
        string[] names = [.. checks.Select(check => check.GetProperty("name").GetString()!)];
        Assert.Equal(names.Distinct(StringComparer.Ordinal), names, StringComparer.Ordinal);
        Assert.Superset(
            new HashSet<string>(StringComparer.Ordinal)
            {
                "processor", "libtorch", "bridge", "CUDA", "libturbojpeg", "KD_DATA", "disk",
            },
            new HashSet<string>(names, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Names_the_libtorch_that_is_loaded_not_one_that_might_be()
    {
        await _kd.RunAsync("doctor", "--json");
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        string detail = Detail(json, "libtorch");
        string path = detail[detail.IndexOf('/', StringComparison.Ordinal)..];
        Assert.True(File.Exists(path), path);
    }

    [Fact]
    public async Task Says_when_there_are_no_real_images()
    {
        await _kd.RunAsync("doctor");
        Assert.Matches(@"missing +KD_DATA +not set", _kd.Out);
    }

    [Fact]
    public async Task Names_the_data_sets_that_it_finds()
    {
        _folder.CreateSubdirectory("mnist");
        _folder.CreateSubdirectory("holiday-photos");
        await _kd.With("KD_DATA", _folder.FullName).RunAsync("doctor", "--json");
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        Assert.Equal($"{_folder.FullName}: mnist", Detail(json, "KD_DATA"));
    }

    [Fact]
    public async Task Says_when_the_data_folder_is_not_one()
    {
        await _kd.With("KD_DATA", Path.Combine(_folder.FullName, "absent")).RunAsync("doctor");
        Assert.Matches(@"missing +KD_DATA +\S+absent is not a folder", _kd.Out);
    }

    private static string Detail(JsonDocument json, string name)
        => json.RootElement.GetProperty("checks").EnumerateArray()
            .Single(check => string.Equals(check.GetProperty("name").GetString(), name, StringComparison.Ordinal))
            .GetProperty("detail").GetString()!;
}
