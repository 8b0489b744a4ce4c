"""Sentences of made-up survey comments, French and English, with places where identifiers are planted.

`DEVELOPMENT` was read while the rules were written; `HELD_OUT` was written before them, is phrased otherwise, and is only for measuring.
A place {kind} is filled with an identifier, or with a near miss where its name begins with `not_`. Sentences are our own.
"""

from __future__ import annotations

DEVELOPMENT: dict[str, list[str]] = {
    "email": [
        "Vous pouvez me joindre à {email} si besoin.", "Mon adresse : {email}", "Please write to {email}, I have more to say.",
        "Contact me at {email}.", "email {email}", "Merci de répondre sur {email} car l'autre boîte est pleine",
    ],
    "phone_fr": [
        "Rappelez-moi au {phone_fr}.", "Mon numéro est le {phone_fr}, le soir.", "tel {phone_fr}", "You can call me on {phone_fr}!",
        "Personne ne m'a rappelé ({phone_fr}) depuis lundi.",
    ],
    "phone": ["Je vis à l'étranger, {phone} sur WhatsApp.", "My number: {phone}", "Call {phone} please.", "joignable au {phone}"],
    "ipv4": ["La connexion depuis {ipv4} est bloquée.", "My IP {ipv4} is banned.", "erreur 403 pour {ipv4}."],
    "ipv6": ["Impossible de se connecter depuis {ipv6} !", "Timeout from {ipv6} since Monday.", "adresse {ipv6}"],
    "nir": ["On m'a demandé mon numéro de sécu {nir} deux fois.", "NIR : {nir}", "My French social security number is {nir}."],
    "iban": ["Remboursez-moi sur {iban} svp.", "Please refund to {iban}.", "IBAN {iban}", "mon compte : {iban}, merci"],
    "card": ["J'ai payé avec la carte {card} et rien.", "My card {card} was charged twice.", "CB {card}"],
    "url": ["Mon portfolio est sur {url}", "See my work at {url} .", "Mes projets ({url}) sont en ligne."],
    "handle": ["Suivez-moi sur Insta {handle}", "I am {handle} on Discord.", "Mon pseudo Twitter est {handle}, écrivez-moi."],
    "address": ["J'habite {address} et je n'ai rien reçu.", "Envoyez le diplôme au {address}.", "My address is {address}.", "Adresse : {address}"],
    "birth_date": ["Je suis {birth_date} et je trouve cela trop scolaire.", "I was {birth_date}, too old for this.", "{birth_date}, en reconversion."],
    "uuid": ["Mon dossier {uuid} est perdu.", "Ticket {uuid} never answered.", "identifiant {uuid}"],
    "hash": ["Le jeton {hash} ne marche pas.", "My token is {hash}.", "id: {hash}"],
    "name": [
        "Merci à {given} pour sa patience.", "Un grand merci à {given} !", "Mon mentor {given} est top.", "Ma mentore {given} m'a beaucoup aidée.",
        "{title} {family} répond toujours.", "{title} {given} {family} est très pro.", "Thanks to {given} I found a job.", "My mentor {given} was great.",
        "Bravo à {given} et à toute l'équipe.", "Grâce à {given}, j'ai tenu.", "J'ai été suivi par {given} {family} pendant un an.",
        "Je m'appelle {given} et je suis content.", "Special thanks to {given} {family}!", "mon tuteur {given} ne répond jamais",
        "merci à {given_small}", "Cordialement, {given} {family}", "{etitle} {family} never answered my mails.",
    ],
    "known_name": [
        "Je suis {known_name}, promo 2024.", "{known_name} m'a aidé sur le projet 3.", "Ask {known_name}, same problem.", "merci {known_name} pour tout",
        "Mon binôme {known_name} a abandonné.", "Signed: {known_name}",
    ],
    "known_email": ["Écrivez à {known_email} pour la suite.", "My login is {known_email}."],
    "known_account": ["Mon compte {known_account} est bloqué.", "Account {known_account} cannot log in."],
    "known_learner_id": ["Apprenant {known_learner_id}, sans réponse.", "I am {known_learner_id}."],
    "known_hash": ["Réf. {known_hash}", "My id in your export was {known_hash}."],
    "nothing": [
        "J'ai suivi le cours à {town} puis à distance.", "Le campus de {town} est loin de {town}.", "I moved to {town} for the job.",
        "Bonne formation dans l'ensemble.", "Bonne continuation à tous.", "J'ai eu mon stage chez {shop}.", "Merci à tous les mentors.",
        "Merci à l'équipe pédagogique !", "Thanks to everyone in support.", "Mon mentor est parti en vacances.", "Ma mentore Python est très claire.",
        "Le {not_date} à {not_hour}, rien ne marchait.", "Version {not_version} de la plateforme plante.", "J'ai payé {not_money} pour rien.",
        "Commande {not_order} jamais traitée.", "Cours n° {not_number} à revoir, {not_number} exercices.", "Référence {not_nir} inconnue.",
        "Le code {not_iban} ne passe pas.", "Le décorateur {not_handle} n'est pas expliqué.", "I never understood {not_handle} in the course.",
        "Diplôme RNCP{not_rncp} obtenu.", "Node.js et ASP.NET bien expliqués.", "Formation commencée le {not_date}, finie le {not_date}.",
        "J'ai fait 12 cours de Python et 3 passages en revue.", "Je cherche un poste, 35000 Euros brut.", "Le module C++ dure 10:30.",
        "Rien à dire, merci à vous.", "Merci pour tout et bonne journée.", "Paris est trop cher, vive {town}.", "La rue est bruyante mais le cours est bon.",
        "J'ai appris {not_tool} en deux mois.", "With Ruby and Julia on the menu, I was happy.", "La carte mentale du chapitre 4 est utile.",
        "Mon projet 4 place la barre haut.", "commit {not_commit} refusé par le correcteur", "Il faut 2 rue plus loin changer de salle.",
        "Monsieur, madame, le site ne marche pas.", "Rendez-vous le {not_date} avec mon conseiller.", "{not_money} de plus par mois depuis le diplôme.",
    ],
}

HELD_OUT: dict[str, list[str]] = {
    "email": [
        "Si vous voulez des détails, {email} est mon adresse perso.", "N'hésitez pas ({email}) !", "reach me: {email}",
        "I gave my address, {email}, and got no answer.", "Ma boîte {email} n'a jamais reçu le certificat.", "Réponse souhaitée par courriel, {email}",
    ],
    "phone_fr": [
        "Je suis disponible au {phone_fr} après 18h.", "On devait m'appeler sur mon portable {phone_fr} hier", "phone: {phone_fr}.", "Mon tél: {phone_fr} ou par mail",
        "J'ai laissé mon numéro {phone_fr}; aucun rappel.",
    ],
    "phone": ["From abroad dial {phone}.", "Mon portable suisse ou belge : {phone}.", "You have my phone ({phone}).", "appelez le {phone} svp"],
    "ipv4": ["Mon ordinateur ({ipv4}) n'atteint pas le serveur.", "Logged out again, address {ipv4}, every hour", "refus de {ipv4}, pourquoi ?"],
    "ipv6": ["J'utilise {ipv6} chez moi, sans succès.", "Server says {ipv6} is unknown.", "bloqué : {ipv6}."],
    "nir": ["Pourquoi vouloir mon n° de Sécurité sociale ({nir}) ?", "sécu {nir} transmise à l'administration", "They asked for {nir} by mail."],
    "iban": ["Le virement doit aller à {iban}.", "Bank details: {iban}", "Voici mon RIB ({iban}) pour la bourse."],
    "card": ["Débit en double sur ma carte n° {card}.", "Paid with {card}, still no invoice", "paiement refusé : {card}."],
    "url": ["Mon rapport se trouve ici : {url}", "I published it, {url} , have a look.", "Profil : {url}"],
    "handle": ["Ajoutez-moi {handle} sur les réseaux.", "Find me as {handle}.", "Mes retours en vidéo chez {handle} !"],
    "address": ["Le colis est parti au mauvais endroit, je suis au {address}.", "Domicilié {address}, je demande un remboursement.", "Please send the diploma to {address}"],
    "birth_date": ["Étant {birth_date}, je suis le plus âgé du groupe.", "Someone {birth_date} learns slower.", "Apprenti {birth_date}."],
    "uuid": ["Réclamation {uuid} sans suite.", "My session was {uuid}, it crashed.", "voir {uuid}."],
    "hash": ["Clé {hash} refusée.", "the certificate shows {hash} at the bottom", "Mon empreinte ({hash}) est fausse."],
    "name": [
        "Je remercie {given} pour son écoute.", "Merci beaucoup {given} pour les conseils.", "Mon coach {given} connaît son métier.", "Heureusement que mon mentor, {given}, était là.",
        "J'ai eu {title} {family} au téléphone.", "La réponse de {title} {family} était sèche.", "Thank you {given} for your support.", "I was mentored by {given} for six months.",
        "Big up à {given} du support.", "Ma tutrice {given} est adorable.", "Mon mentor s'appelle {given} {family}.", "{given} {family} est le meilleur formateur.",
        "My name is {given} and I would do it again.", "Shout-out to {given} from the support team.", "un énorme merci à {given_small} pour sa bonne humeur", "Bien à vous, {given}",
        "{etitle} {given} {family} was kind.", "ma conseillère {given} a tout réglé",
    ],
    "known_name": [
        "Le compte de {known_name} est encore actif.", "I worked with {known_name} on the last project.", "De la part de {known_name}.", "{known_name} et moi avons fini ensemble.",
        "Le mentor avait confondu mon dossier avec celui de {known_name} !", "My name ({known_name}) is misspelled on the diploma.",
    ],
    "known_email": ["Le certificat est parti chez {known_email}, pas chez moi.", "I registered as {known_email}"],
    "known_account": ["Identifiant {known_account} introuvable au login.", "user {known_account}, locked out"],
    "known_learner_id": ["Numéro d'apprenant : {known_learner_id}", "My file ({known_learner_id}) is incomplete."],
    "known_hash": ["J'ai retrouvé {known_hash} dans le fichier partagé.", "Why do you store {known_hash} about me?"],
    "nothing": [
        "Je viens de {town}, deux heures de train.", "Les sessions à {town} sont complètes.", "The {town} campus is closed.", "Ma ville, {town}, n'a pas d'école.",
        "Bonne ambiance, bonne pédagogie.", "Alternance chez {shop}, très formateur.", "Merci à la communauté et aux mentors.", "Un grand merci à toute l'équipe.",
        "Thank you for your support.", "Thanks to this school I found a job.", "Mon mentor Java ne répond pas.", "Le support du {not_date} était fermé à {not_hour}.",
        "La mise à jour {not_version} a tout cassé.", "{not_money} par an, c'est trop.", "Facture {not_order} impayée selon vous.", "Il y a {not_number} leçons de trop.",
        "Dossier {not_nir} introuvable.", "Le lien {not_iban} est mort.", "On ne nous explique pas {not_handle} avant le projet 5.", "Titre RNCP{not_rncp} reconnu ?",
        "Examen du {not_date} reporté au {not_date}.", "Salaire de 42000 Euros à {town}.", "On a 15 cours Java à rattraper en 2 places.",
        "Le chapitre 3 avenue du web est mal écrit.", "Je recommande {not_tool} à tous.", "Avec Scala et Kotlin, on s'amuse.", "sha {not_commit} sur le dépôt",
        "Bonjour Madame, Monsieur, je suis déçu.", "Diplômé le {not_date}, embauché un mois après.", "J'ai noté 18/20, 19/20 et 12/20 à mes pairs.",
        "Grâce à Python j'ai changé de métier.", "Le formateur Excel va trop vite.", "Merci à Pôle Emploi pour le financement.", "Bravo à tous !",
        "Mon tuteur en entreprise est absent.", "Ma promo de septembre 2024 est géniale.", "From 9 to 5 every day, room 204-12.", "Bonne chance aux suivants.",
    ],
}
