using System.Security.Cryptography;
using System.Text;
using KdKernels.Distillation.Checkpoints;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Models;
using KdKernels.Distillation.Recipes;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Training;

/// <summary>The images of an experiment: to train on, and to measure on.</summary>
internal sealed class TrainingData
{
    private TrainingData(ImageSet train, ImageSet heldOut)
    {
        Train = train;
        HeldOut = heldOut;
    }

    public ImageSet Train { get; }

    /// <summary>The test images, or the validation images where the recipe asks for some.</summary>
    public ImageSet HeldOut { get; }

    public int ImageSize => Train.Height;

    /// <summary>Loads what a recipe names and checks that the recipe can be trained on it.</summary>
    /// <exception cref="RecipeException">It cannot.</exception>
    /// <exception cref="KdDataException">Files are missing or damaged.</exception>
    public static TrainingData Load(Recipe recipe)
    {
        ImageSet train;
        ImageSet heldOut;
        try
        {
            DataSplits splits = DataSources.Load(new DataOptions
            {
                Source = recipe.Data.Name,
                Root = recipe.Data.Root,
                TrainCount = recipe.Data.Train == 0 ? null : recipe.Data.Train,
                TestCount = recipe.Data.Test == 0 ? null : recipe.Data.Test,
                ImageSize = recipe.Data.ImageSize == 0 ? null : recipe.Data.ImageSize,
            });
            (train, heldOut) = (splits.Train, splits.Test);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(recipe.Name, 0, "data", error.Message);
        }

        if (train.Height != train.Width)
        {
            throw new RecipeException(
                recipe.Name, 0, "data.image-size", $"expected square images but got {train.Shape}");
        }

        if (recipe.Data.Validation > 0)
        {
            if (recipe.Data.Validation >= train.Count)
            {
                throw new RecipeException(
                    recipe.Name,
                    0,
                    "data.validation",
                    $"expected less than the {train.Count} training images but got {recipe.Data.Validation}");
            }

            (heldOut, train) = train.StratifiedSplit(recipe.Data.Validation, seed: 0);
        }

        if (train.Count < 2)
        {
            throw new RecipeException(
                recipe.Name, 0, "data.train", $"expected at least 2 training images but got {train.Count}");
        }

        RequireModel(recipe, "student.model", recipe.Student.Model, train);
        RequireModel(recipe, "teacher.model", recipe.Teacher.Model, train);
        return new TrainingData(train, heldOut);
    }

    /// <summary>Names this recipe on these images, so that checkpoints of another experiment are refused. Device and
    /// threads may change.</summary>
    public string Fingerprint(Recipe recipe)
    {
        string text = (recipe with { Device = "", Threads = 0 }).ToYaml() + Train.Fingerprint + HeldOut.Fingerprint;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>What a network for these images expects and gives.</summary>
    public NetworkSignature SignatureOf(string model) => new(model, Train.ClassCount, Train.Channels, ImageSize);

    /// <summary>A network for these images; equal seeds give equal weights. Drawn on the CPU, so that they do not
    /// depend on the device.</summary>
    public nn.Module<Tensor, Tensor> CreateNetwork(string model, long seed, Device device)
    {
        random.manual_seed(seed);
        nn.Module<Tensor, Tensor> network = ModelRegistry.Create(model, Train.ClassCount, Train.Channels, ImageSize);
        network.to(device);
        return network;
    }

    private static void RequireModel(Recipe recipe, string key, string model, ImageSet images)
    {
        try
        {
            using var network = ModelRegistry.Create(model, images.ClassCount, images.Channels, images.Height);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(recipe.Name, 0, key, error.Message);
        }
    }
}
