using System.CommandLine;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Recipes;
using KdKernels.Distillation.Training;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd explain-loss</c>: what a recipe minimises, term by term.</summary>
internal static class ExplainLossCommand
{
    public static Command Create(CliConsole console)
    {
        var recipe = new Argument<string?>("recipe")
        {
            Description = "A recipe: a YAML or JSON file, or a name from `kd list recipes`. "
                + "Default: that of the method in -s method=NAME.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var overrides = new Option<string[]>("--set", "-s")
        {
            Description = "Overrides one key of the recipe, such as -s distill.temperature=8. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var json = new Option<bool>("--json") { Description = "One JSON object on one line." };
        var command = new Command(
            "explain-loss",
            "Prints each term of a recipe's loss: numerator, divisor, power of T, weight, and its gradient on a batch.")
        {
            recipe, overrides, json,
        };
        command.SetAction(parsed =>
        {
            string[] settings = parsed.GetValue(overrides)!;
            Recipe read = RecipeReader.Read(parsed.GetValue(recipe) ?? RecipeReader.DefaultFor(settings), settings);
            LossExplanation explanation = LossExplanation.Of(read, console.Error.WriteLine);
            console.Out.WriteLine(parsed.GetValue(json)
                ? JsonLine.Of(explanation, JsonLine.Types.LossExplanation)
                : LossText.Of(explanation));
            return ExitCode.Done;
        });
        return command;
    }
}
