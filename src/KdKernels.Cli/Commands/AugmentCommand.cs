using System.CommandLine;
using KdKernels.Analysis.Augmentations;
using KdKernels.Cli.Output;
using KdKernels.Distillation.Data.Augmenting;

namespace KdKernels.Cli.Commands;

/// <summary><c>kd augment</c>: which augmentations help distillation from a run's teacher, measured without training.</summary>
internal static class AugmentCommand
{
    private static readonly AugmentationMeterSettings Defaults = new();

    public static Command Create(CliConsole console)
    {
        var run = new Argument<string>("run") { Description = "The folder of a run: its teacher is asked." };
        Option<string[]> augmentations = WordsOption.Create(
            "--augmentations", "a,b", $"Which, of {string.Join(", ", BatchAugmentations.Names)}. Default: all.", "-a");
        var sets = Whole("--sets", $"Sets whose deviation is measured. Default: {Defaults.Sets}.", least: 2);
        var setSize = Whole(
            "--set-size", $"Distinct images per set; T.stddev depends on it. Default: {Defaults.SetSize}.", least: 2);
        var seed = new Option<long>("--seed")
        {
            Description = $"Of the order of the images and of the augmentations. Default: {Defaults.Seed}.",
            DefaultValueFactory = _ => Defaults.Seed,
        };
        var images = Whole("--images", "Only the first so many training images. Default: all.", least: 2);
        var json = new Option<bool>("--json") { Description = "The result as one JSON object on one line." };
        var command = new Command(
            "augment",
            "Ranks augmentations for distillation from a run's teacher: T.stddev, and the covariance with the student.")
        {
            run, augmentations, sets, setSize, seed, images, json,
        };
        command.Validators.Add(result =>
        {
            if (Array.Find(result.GetValue(augmentations)!, name => !BatchAugmentations.Names.Contains(name, StringComparer.Ordinal)) is { } unknown)
            {
                result.AddError(
                    $"--augmentations: expected one of {string.Join(", ", BatchAugmentations.Names)} but got '{unknown}'.");
            }
        });
        command.SetAction((parsed, cancellation) =>
        {
            AugmentationMeterSettings settings = Defaults with
            {
                Sets = parsed.GetValue(sets) ?? Defaults.Sets,
                SetSize = parsed.GetValue(setSize) ?? Defaults.SetSize,
                Seed = parsed.GetValue(seed),
            };
            string folder = parsed.GetValue(run)!;
            AugmentationRanking ranking = AugmentationRanking.Of(
                folder,
                parsed.GetValue(augmentations) is { Length: > 0 } asked
                    ? [.. asked.Distinct(StringComparer.Ordinal)]
                    : BatchAugmentations.Names,
                settings,
                parsed.GetValue(images) ?? 0,
                console.Error.WriteLine,
                cancellation);
            console.Out.WriteLine(parsed.GetValue(json)
                ? JsonLine.Of(AugmentOutcome.Of(Path.GetFullPath(folder), ranking), JsonLine.Types.AugmentOutcome)
                : AugmentText.Of(ranking));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static Option<int?> Whole(string name, string description, int least)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "n" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && value < least)
                result.AddError($"{name}: expected at least {least} but got {value}.");
        });
        return option;
    }
}
