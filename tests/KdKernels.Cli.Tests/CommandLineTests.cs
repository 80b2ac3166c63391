namespace KdKernels.Cli.Tests;

public sealed class CommandLineTests
{
    private readonly CapturedConsole _kd = new();

    [Fact]
    public async Task Without_arguments_it_helps_and_is_content()
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync());
        Assert.Contains("train", _kd.Out, StringComparison.Ordinal);
        Assert.Contains("doctor", _kd.Out, StringComparison.Ordinal);
        Assert.Empty(_kd.Error);
    }

    [Fact]
    public async Task Version_is_one_line_on_standard_output()
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync("--version"));
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", _kd.Out);
    }

    [Theory]
    [InlineData("trian")]
    [InlineData("train", "--qiuck")]
    [InlineData("train", "--seed", "many")]
    [InlineData("list")]
    [InlineData("list", "colours")]
    [InlineData("eval")]
    [InlineData("augment")]
    public async Task A_wrong_command_line_is_a_usage_error(params string[] args)
    {
        Assert.Equal(ExitCode.Usage, await _kd.RunAsync(args));
        Assert.Empty(_kd.Out);
        Assert.Contains("--help`", _kd.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistyped_option_gets_a_suggestion()
    {
        await _kd.RunAsync("train", "--qiuck");
        Assert.Contains("--quick", _kd.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-s", "seeds=2")]
    [InlineData("-c", "shapes-kd")]
    [InlineData("-o", "elsewhere")]
    [InlineData("--seed", "3")]
    [InlineData("--device", "cpu")]
    public async Task A_resumed_run_keeps_its_recipe(string option, string value)
    {
        Assert.Equal(ExitCode.Usage, await _kd.RunAsync("train", "--resume", "runs/earlier", option, value));
        Assert.Contains("keeps that run's recipe", _kd.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train")]
    [InlineData("eval")]
    [InlineData("augment")]
    [InlineData("doctor")]
    [InlineData("list")]
    public async Task Every_command_explains_itself(string command)
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync(command, "--help"));
        Assert.Contains($" {command} ", _kd.Out, StringComparison.Ordinal);
        Assert.All(_kd.Out.Split('\n'), line => Assert.DoesNotContain("\t", line, StringComparison.Ordinal));
    }
}
