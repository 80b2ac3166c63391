namespace KdKernels.Distillation.Recipes;

/// <summary>The section <c>trace</c> of a recipe. Whether its layers exist is for the networks to say.</summary>
internal static class TraceBinder
{
    /// <param name="section">The section.</param>
    /// <param name="studentEpochs">The longest training that epochs can be of.</param>
    public static TraceRecipe Bind(RecipeSection section, int studentEpochs)
    {
        var trace = new TraceRecipe
        {
            Epochs = section.Wholes("epochs", [], 0),
            Layers = section.Texts("layers", []),
        };
        for (int i = 1; i < trace.Epochs.Count; i++)
        {
            if (trace.Epochs[i] <= trace.Epochs[i - 1])
            {
                throw section.Error(
                    "epochs", $"expected rising epochs, each once, but got [{string.Join(", ", trace.Epochs)}]");
            }
        }

        if (trace.Epochs is [.., int last] && last > studentEpochs)
        {
            throw section.Error("epochs", $"expected epochs of at most the student's {studentEpochs} but got {last}");
        }

        if (trace.Layers.CountBy(layer => layer, StringComparer.Ordinal).FirstOrDefault(entry => entry.Value > 1) is
            { Key: { } twice, Value: int times })
        {
            throw section.Error("layers", $"expected each layer once but got {twice} {times} times");
        }

        section.RejectUnknown();
        return trace;
    }
}
