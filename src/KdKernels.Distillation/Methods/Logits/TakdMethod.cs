using KdKernels.Distillation.Recipes;

namespace KdKernels.Distillation.Methods.Logits;

/// <summary>Distillation by way of assistants: the hops are ordinary distillation, the way is the trainer's.</summary>
internal sealed class TakdMethod(MethodSettings settings) : KdMethod(settings)
{
    public const string Best = "best";

    public static new MethodDefinition Definition { get; } = new()
    {
        Name = "takd",
        Summary = "kd from teacher to student by way of assistants of sizes between",
        Paper = "Mirzadeh et al. 2020, Improved Knowledge Distillation via Teacher Assistant, sections 3 and 4",
        Description =
            """
            Every hop is `(1 − α) CE + α T² KL` from one network to the next smaller one; see `kd`.

            `paths: chain` goes through all assistants in turn. `paths: best` finds the best way from teacher to student, assistants
            left out or not, by dynamic programming: of every network the best of its versions is kept, so that n assistants
            cost n (n + 1) / 2 trainings and n + 1 of the student. Versions are compared on a tenth of the training items that
            none of them sees; the student that counts is then trained on all items.

            The authors' code divides the KL by N·K, tracks gradients through the teacher, and lowers its learning rate by a
            comparison that is never true; nothing of this is repeated here.
            """,
        Settings =
        [
            .. KdSettings,
            MethodSetting.Names("assistants", ["convnet-medium"], "models of the assistants, largest first"),
            MethodSetting.Choice("paths", ["chain", Best], "through all assistants, or along the best path"),
        ],
        LabelWeight = static (settings, epoch) => 1 - settings.Scheduled("alpha").At(epoch),
        Assistants = static settings => settings.Names("assistants"),
        Contract = Contract,
        Create = static context => new TakdMethod(context.Settings),
    };
}
