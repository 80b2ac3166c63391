using System.Text.Json;
using KdKernels.Distillation.Recipes;

namespace KdKernels.Cli.Tests;

public sealed class ListTests
{
    private readonly CapturedConsole _kd = new();

    [Theory]
    [InlineData("methods", "kd")]
    [InlineData("models", "resnet20")]
    [InlineData("datasets", "cifar10")]
    [InlineData("recipes", "shapes-kd")]
    public async Task Lists_names_with_a_line_about_each(string kind, string expected)
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync("list", kind));
        string[] lines = _kd.Out.TrimEnd('\n').Split('\n');
        Assert.Contains(lines, line => line.StartsWith(expected + " ", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Matches(@"^[a-z0-9-]* {3,}\S", line));
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("methods")]
    [InlineData("models")]
    [InlineData("datasets")]
    [InlineData("recipes")]
    public async Task Lists_the_same_names_as_json(string kind)
    {
        Assert.Equal(ExitCode.Done, await _kd.RunAsync("list", kind, "--json"));
        var asText = new CapturedConsole();
        await asText.RunAsync("list", kind);
        using JsonDocument json = JsonDocument.Parse(_kd.LastLine);
        string[] names = [.. json.RootElement.EnumerateArray().Select(entry => entry.GetProperty("name").GetString()!)];
        Assert.Equal(Names(asText), names, StringComparer.Ordinal);
        Assert.All(
            json.RootElement.EnumerateArray(), entry => Assert.NotEmpty(entry.GetProperty("description").GetString()!));
    }

    [Theory]
    [InlineData("models", "student.model")]
    [InlineData("datasets", "data.name")]
    [InlineData("methods", "distill.method")]
    public async Task A_recipe_may_use_every_listed_name(string kind, string key)
    {
        await _kd.RunAsync("list", kind);
        foreach (string name in Names(_kd))
        {
            Recipe recipe = RecipeReader.Read(RecipeReader.DefaultName, [$"{key}={name}", "data.root=/somewhere"]);
            Assert.Contains(name, recipe.ToYaml(), StringComparison.Ordinal);
        }
    }

    /// <summary>First words of the lines that are no continuation.</summary>
    private static IEnumerable<string> Names(CapturedConsole listed)
        => listed.Out.TrimEnd('\n').Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.Length > 0);
}
